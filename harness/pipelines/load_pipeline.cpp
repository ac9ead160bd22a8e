#include <fmt/ranges.h>

#include "harness/pipelines/class_to_image.h"
#include "harness/pipelines/image_to_video.h"
#include "harness/pipelines/text_to_image.h"
#include "harness/pipelines/text_to_video.h"
#include "harness/pipelines/unconditional.h"
#include "harness/pipelines/vae_source.h"

namespace skipbench {

std::unique_ptr<ModelSource> OpenModelSource(const std::filesystem::path& path, const PipelineOptions& options) {
  if (std::filesystem::is_regular_file(path)) {
    if (!options.variant.empty()) Fail("{}: variant \"{}\": a single file has no variants", path.string(), options.variant);
    return std::make_unique<SingleFileSource>(SingleFile(path), options.tokenizer_folder);
  }
  if (!options.tokenizer_folder.empty())
    Fail("{}: tokenizer_folder is for single-file checkpoints; this folder has its own tokenizer", path.string());
  auto folder = std::make_unique<FolderSource>(path);
  folder->CheckVariant(options);
  return folder;
}

std::string DescribeTokenizers(const std::filesystem::path& path, const PipelineOptions& options) {
  const auto source = OpenModelSource(path, options);
  const ClipVariant variant = source->TokenizerVariant(options.tokenizer);
  std::vector<std::string> files;
  bool json_only = false;
  for (const std::string& component : source->Tokenizers()) {
    source->OpenTokenizer(component, variant);
    const auto folder = source->TokenizerFolder(component);
    const bool json = HoldsOnlyTokenizerJson(folder);
    files.push_back((folder.filename() / (json ? "tokenizer.json" : "vocab.json")).string());
    json_only |= json;
  }
  if (files.empty()) return "";
  const bool fast = variant == ClipVariant::kFast;
  const std::string why = !options.tokenizer.empty() ? "as the config says"
                          : json_only                ? "the default where there is no vocab.json"
                                                     : "the default where there is a vocab.json";
  return fmt::format("{} ({}: {}), from {}", fast ? "fast" : "slow", fast ? "CLIPTokenizerFast" : "CLIPTokenizer without ftfy", why,
                     fmt::join(files, ", "));
}

namespace {

std::unique_ptr<Pipeline> MakePipeline(const ModelSource& source, const PipelineOptions& options) {
  const std::string type = source.class_name();
  if (type == "StableDiffusionPipeline" || type == "StableDiffusionXLPipeline") return std::make_unique<TextToImage>(source, options);
  if (type == "ClassConditionalLDMPipeline") return std::make_unique<ClassToImage>(source, options);
  if (type == "DDPMPipeline" || type == "DDIMPipeline") return std::make_unique<Unconditional>(source, options);
  if (type == "TextToVideoSDPipeline") return std::make_unique<TextToVideo>(source, options);
  if (type == "I2VGenXLPipeline") return std::make_unique<ImageToVideo>(source, options);
  FailUnsupported("{}: a {} is not supported; supported: StableDiffusionPipeline, StableDiffusionXLPipeline, "
                  "TextToVideoSDPipeline (ModelScope), I2VGenXLPipeline, "
                  "ClassConditionalLDMPipeline (LDM-4), DDPMPipeline, DDIMPipeline", source.Index().file, type);
}

}  // namespace

std::unique_ptr<Pipeline> LoadPipeline(const std::filesystem::path& path, const PipelineOptions& options) {
  std::unique_ptr<ModelSource> source = OpenModelSource(path, options);
  if (!options.vae.empty()) source = std::make_unique<VaeSource>(std::move(source), options.vae);
  auto pipeline = MakePipeline(*source, options);
  pipeline->SetNotes(source->notes());
  source->NoteTokenizers();
  pipeline->SetConfigFiles(source->read_files());
  return pipeline;
}

}  // namespace skipbench
