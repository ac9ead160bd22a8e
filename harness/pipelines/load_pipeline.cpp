#include "harness/pipelines/load_pipeline.h"

#include <fmt/ranges.h>

#include "harness/pipelines/catalog.h"
#include "harness/pipelines/model_source.h"

namespace skipbench {

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
  return fmt::format("{} ({}: {}), from {}", fast ? "fast" : "slow",
                     fast ? "CLIPTokenizerFast" : "CLIPTokenizer without ftfy", why, fmt::join(files, ", "));
}

std::unique_ptr<Pipeline> LoadPipeline(const std::filesystem::path& path, const PipelineOptions& options) {
  const auto source = OpenModelSource(path, options);
  if (!options.vae.empty()) source->ReplaceVae(options.vae);
  auto pipeline = FindPipelineType(*source).make(*source, options);
  source->NoteTokenizers();
  pipeline->SetProvenance(source->notes(), source->read_files());
  return pipeline;
}

}  // namespace skipbench
