#include "harness/pipelines/model_source.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "harness/base/error.h"
#include "harness/nn/weights_files.h"

namespace skipbench {

namespace fs = std::filesystem;

std::string ModelSource::class_name() const {
  const Config index = Index();
  return index.reader().String("_class_name");
}

fs::path FolderSource::FolderOf(const std::string& component) const {
  return folder_.Component(component, {folder_.ClassOf(component)});
}

ModelSource::Config FolderSource::ConfigOf(const std::string& component, const std::vector<std::string>& classes) const {
  const char* name = component == "scheduler" ? "scheduler_config.json" : component == "feature_extractor" ? "preprocessor_config.json" : "config.json";
  const fs::path file = folder_.Component(component, classes) / name;
  return {ReadJsonFile(file), file.string()};
}

Weights FolderSource::OpenWeights(const std::string& component, const std::string& stem, WeightsOptions options) const {
  return Weights::FromFolder(FolderOf(component), stem, std::move(options));
}

std::vector<fs::path> FolderSource::WeightFiles(const std::string& component, const std::string& stem, const std::string& variant) const {
  return FindWeightFiles(FolderOf(component), stem, variant).files;
}

ClipTokenizer FolderSource::OpenTokenizer(const std::string& component, ClipVariant variant) const {
  return ClipTokenizer::Load(folder_.Component(component, {"CLIPTokenizer", "CLIPTokenizerFast"}), variant);
}

std::string SingleFileSource::ClassOf(const std::string& component) const {
  const auto found = file_.index().find(component);
  if (found == file_.index().end()) Fail("{}: the component {} is missing", path().string(), component);
  return found->at(1).get<std::string>();
}

ModelSource::Config SingleFileSource::ConfigOf(const std::string& component, const std::vector<std::string>& classes) const {
  const std::string name = ClassOf(component);
  if (std::find(classes.begin(), classes.end(), name) == classes.end())
    FailUnsupported("{}: {} is a {}; supported here: {}", path().string(), component, name, fmt::join(classes, ", "));
  return {file_.ConfigOf(component), fmt::format("{} ({})", path().string(), component)};
}

Weights SingleFileSource::OpenWeights(const std::string& component, const std::string&, WeightsOptions options) const {
  return file_.OpenWeights(component, std::move(options));
}

fs::path SingleFileSource::FindTokenizers() const {
  const char* environment = std::getenv("SKIPBENCH_TOKENIZER_FOLDER");
  const fs::path beside = path().parent_path() / "tokenizer";
  const fs::path folder = !tokenizer_folder_.empty()        ? tokenizer_folder_
                          : environment && environment[0] ? fs::path(environment)
                                                          : beside;
  if (fs::exists(folder / "vocab.json") || fs::exists(folder / "tokenizer" / "vocab.json")) return folder;
  Fail("{}: a single-file checkpoint holds no tokenizer; looked for vocab.json and merges.txt in {}\n"
       "Name the folder that has them with \"tokenizer_folder\" in the config or SKIPBENCH_TOKENIZER_FOLDER, or put it beside the "
       "checkpoint as \"tokenizer\". The tokenizer of any Stable Diffusion 1.x or SDXL model, or of openai/clip-vit-large-patch14, will do.",
       path().string(), folder.string());
}

ClipTokenizer SingleFileSource::OpenTokenizer(const std::string& component, ClipVariant variant) const {
  fs::path folder = FindTokenizers();
  const bool second = component == "tokenizer_2";
  const bool own = second && fs::exists(folder / "tokenizer_2" / "vocab.json");
  if (own) {
    folder /= "tokenizer_2";
  } else if (fs::exists(folder / "tokenizer" / "vocab.json")) {
    folder /= "tokenizer";
  }
  ClipTokenizerConfig config = ReadClipTokenizerConfig(folder);
  auto encoding = BytePairEncoding::Load(folder / "vocab.json", folder / "merges.txt");
  // OpenCLIP's has the same vocabulary; it pads with id 0, which is "!", and that is then a token of its own.
  if (second && !own) {
    config.pad_token = std::string("!");      // by assignment of a literal, GCC 12 warns of an overflow that is not there
    config.added.push_back({.id = 0, .content = "!", .normalized = false});
  }
  ClipTokenizer tokenizer(std::move(encoding), config, variant, folder.string());
  const int64_t expected = second ? 0 : tokenizer.eos_id();
  if (tokenizer.pad_id() != expected)
    Fail("{}: the {} of this checkpoint pads with id {}, but the tokenizer in {} pads with {}", path().string(), component, expected,
         folder.string(), tokenizer.pad_id());
  return tokenizer;
}

}  // namespace skipbench
