#include "harness/pipelines/load_pipeline.h"

#include <fmt/ranges.h>

#include "harness/pipelines/catalog.h"
#include "harness/pipelines/model_source.h"

namespace skipbench {

std::string DescribeTokenizers(const std::filesystem::path& path, const PipelineOptions& options) {
  const auto source = OpenModelSource(path, options);
  source->RequireComponents();
  const ClipVariant variant = source->TokenizerVariant(options.tokenizer);
  std::vector<std::string> files, files_of_t5;
  bool json_only = false;
  for (const std::string& component : source->Tokenizers()) {
    const auto folder = source->TokenizerFolder(component);
    if (source->IsT5Tokenizer(component)) {
      const ClipVariant of_t5 = ModelSource::T5Variant(options.tokenizer);
      source->OpenT5Tokenizer(component, of_t5);
      const bool spiece = !std::filesystem::exists(folder / "tokenizer.json") ||
                          (of_t5 == ClipVariant::kSlow && std::filesystem::exists(folder / "spiece.model"));
      files_of_t5.push_back((folder.filename() / (spiece ? "spiece.model" : "tokenizer.json")).string());
      continue;
    }
    source->OpenTokenizer(component, variant);
    const bool json = HoldsOnlyTokenizerJson(folder);
    files.push_back((folder.filename() / (json ? "tokenizer.json" : "vocab.json")).string());
    json_only |= json;
  }
  const std::string of_t5 =
      files_of_t5.empty()
          ? ""
          : fmt::format("{} of T5, from {}", options.tokenizer == "slow" ? "sentencepiece's" : "that of transformers",
                        fmt::join(files_of_t5, ", "));
  if (files.empty()) return of_t5;
  const bool fast = variant == ClipVariant::kFast;
  const std::string why = !options.tokenizer.empty() ? "as the config says"
                          : json_only                ? "the default where there is no vocab.json"
                                                     : "the default where there is a vocab.json";
  return fmt::format("{} ({}: {}), from {}{}{}", fast ? "fast" : "slow",
                     fast ? "CLIPTokenizerFast" : "CLIPTokenizer without ftfy", why, fmt::join(files, ", "),
                     of_t5.empty() ? "" : "; ", of_t5);
}

std::unique_ptr<Pipeline> LoadPipeline(const std::filesystem::path& path, const PipelineOptions& options) {
  const auto source = OpenModelSource(path, options);
  if (!options.vae.empty()) source->ReplaceVae(options.vae);
  if (!options.shapes_only) source->RequireComponents();
  auto pipeline = FindPipelineType(*source).make(*source, options);
  source->NoteTokenizers();
  pipeline->SetProvenance(source->notes(), source->read_files());
  return pipeline;
}

}  // namespace skipbench
