#include "harness/pipelines/model_source.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "harness/base/error.h"
#include "harness/models/clip_text.h"
#include "harness/models/config.h"
#include "harness/nn/weights/weights_files.h"

namespace skipbench {

namespace fs = std::filesystem;

ModelSource::Config ModelSource::ConfigOf(const std::string& component, const std::vector<std::string>& classes) const {
  if (component != "vae" || !vae_) return OwnConfig(component, classes);
  if (fs::is_directory(vae_->place())) NoteRead(component, vae_->config_file());
  return {vae_->config(), vae_->config_file()};
}

Weights ModelSource::OpenWeights(const std::string& component, const std::string& stem, WeightsOptions options) const {
  Weights weights = component == "vae" && vae_ ? vae_->Open(stem, std::move(options))
                                               : OpenOwnWeights(component, stem, std::move(options));
  for (const auto& file : weights.files())
    if (std::find(weight_files_.begin(), weight_files_.end(), file) == weight_files_.end())
      weight_files_.push_back(file);
  return weights;
}

void ModelSource::ReplaceVae(const fs::path& vae) {
  if (!index().Has("vae") || index().ClassOf("vae") != "AutoencoderKL")
    FailUnsupported("{}: vae: {} has no AutoencoderKL that {} could replace", index().file(), index().class_name(),
                    vae.string());
  Note(fmt::format("model: the autoencoder is {}, not the model's own", vae.string()));
  vae_.emplace(vae, fs::is_directory(vae) ? Json() : OwnConfig("vae", {"AutoencoderKL"}).json);
}

std::vector<std::string> ModelSource::Tokenizers() const {
  std::vector<std::string> components;
  for (const char* component : {"tokenizer", "tokenizer_2", "tokenizer_3"})
    if (index().Has(component)) components.push_back(component);
  return components;
}

namespace {
constexpr const char* kT5Tokenizers[] = {"T5Tokenizer", "T5TokenizerFast"};
}  // namespace

bool ModelSource::IsT5Tokenizer(const std::string& component) const {
  return std::ranges::count(kT5Tokenizers, index().ClassOf(component)) > 0;
}

T5Tokenizer ModelSource::OpenT5Tokenizer(const std::string& component, ClipVariant) const {
  FailUnsupported("{}: a single-file checkpoint with the tokenizer {} of a T5 is not supported", path().string(),
                  component);
}

ClipVariant ModelSource::T5Variant(const std::string& wanted) {
  return wanted == "slow" ? ClipVariant::kSlow : ClipVariant::kFast;
}

ClipVariant ModelSource::TokenizerVariant(const std::string& wanted) const {
  if (!wanted.empty()) return wanted == "fast" ? ClipVariant::kFast : ClipVariant::kSlow;
  bool all_of_t5 = true;
  for (const std::string& component : Tokenizers()) {
    if (IsT5Tokenizer(component)) continue;
    all_of_t5 = false;
    if (const fs::path folder = TokenizerFolder(component); !folder.empty() && HoldsOnlyTokenizerJson(folder))
      return ClipVariant::kFast;
  }
  return all_of_t5 ? ClipVariant::kFast : ClipVariant::kSlow;
}

void ModelSource::NoteRead(const std::string& component, const fs::path& file) const {
  const std::string name = file.filename().string();
  read_[component.empty() ? name : component + "/" + name] = file;
}

void ModelSource::NoteTokenizers() const {
  std::error_code error;
  for (const std::string& component : Tokenizers()) {
    const fs::path folder = TokenizerFolder(component);
    if (folder.empty()) continue;
    const std::vector<const char*> vocabulary = IsT5Tokenizer(component) ? std::vector{"tokenizer.json", "spiece.model"}
                                                : HoldsOnlyTokenizerJson(folder)
                                                    ? std::vector{"tokenizer.json"}
                                                    : std::vector{"vocab.json", "merges.txt"};
    for (const auto& names : {vocabulary, {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}})
      for (const char* name : names)
        if (fs::is_regular_file(folder / name, error)) NoteRead(component, folder / name);
  }
}

void ModelSource::Note(const std::string& text) const {
  if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) notes_.push_back(text);
}

void ModelSource::NoteKeysWithoutEffect(const std::string& component, const Json& config) const {
  const auto keys = KeysWithoutEffect(config);
  if (!keys.empty())
    Note(
        fmt::format("model: the config of {} has keys that change nothing here: {}", component, fmt::join(keys, ", ")));
}

namespace {

// Components that model_index.json names and that have no weights of their own, or none that are used.
bool HasNoWeights(const std::string& class_name) {
  for (const char* end : {"Scheduler", "Tokenizer", "TokenizerFast", "Processor", "ProcessorFast", "ProcessorPil",
                          "Extractor", "SafetyChecker"})
    if (class_name.ends_with(end)) return true;
  return false;
}

}  // namespace

std::vector<FolderSource::Stored> FolderSource::StoredNetworks() const {
  std::vector<Stored> networks;
  for (const auto& [component, value] : folder_.json().items()) {
    if (!folder_.Has(component) || HasNoWeights(folder_.ClassOf(component))) continue;
    const bool of_transformers = value[0] == "transformers";
    networks.push_back({component, of_transformers ? StemOf<CLIPTextModel>() : StemOf<Network>()});
  }
  // The denoiser and its autoencoder, then the encoders.
  std::stable_sort(networks.begin(), networks.end(),
                   [](const Stored& a, const Stored& b) { return std::string_view(a.stem) < b.stem; });
  return networks;
}

void FolderSource::CheckVariant(const PipelineOptions& options) const {
  const std::string& variant = options.variant;
  if (variant.empty()) return;
  std::vector<std::string> with, without;
  for (const auto& [component, stem] : StoredNetworks()) {
    if (component == "vae" && !options.vae.empty()) continue;
    const bool has = HasWeightFiles(FolderOf(component), stem, variant);
    (has ? with : without).push_back(component);
  }
  if (with.empty() && options.shapes_only) return;
  if (with.empty())
    Fail("{}: variant \"{}\": no component has weights of this variant (looked at {})", path().string(), variant,
         fmt::join(without, ", "));
  if (!without.empty())
    Note(fmt::format("model: variant \"{}\" is there for {} only; {} {} read from the plain files", variant,
                     fmt::join(with, ", "), fmt::join(without, ", "), without.size() == 1 ? "is" : "are"));
}

fs::path FolderSource::FolderOf(const std::string& component) const {
  return folder_.Component(component, {folder_.ClassOf(component)});
}

ModelSource::Config FolderSource::OwnConfig(const std::string& component,
                                            const std::vector<std::string>& classes) const {
  const char* name = component == "scheduler"           ? "scheduler_config.json"
                     : component == "feature_extractor" ? "preprocessor_config.json"
                                                        : "config.json";
  const fs::path file = folder_.Component(component, classes) / name;
  NoteRead(component, file);
  return {ReadJsonFile(file), file.string()};
}

Weights FolderSource::OpenOwnWeights(const std::string& component, const std::string& stem,
                                     WeightsOptions options) const {
  const fs::path folder = FolderOf(component);
  options.variant = ExistingVariant(folder, stem, options.variant);
  return Weights::FromFolder(folder, stem, std::move(options));
}

ClipTokenizer FolderSource::OpenTokenizer(const std::string& component, ClipVariant variant) const {
  const fs::path folder = folder_.Component(component, {"CLIPTokenizer", "CLIPTokenizerFast"});
  return ClipTokenizer::Load(folder, variant);
}

T5Tokenizer FolderSource::OpenT5Tokenizer(const std::string& component, ClipVariant variant) const {
  return T5Tokenizer::Load(folder_.Component(component, {std::begin(kT5Tokenizers), std::end(kT5Tokenizers)}), variant);
}

fs::path FolderSource::TokenizerFolder(const std::string& component) const {
  const fs::path folder = path() / component;
  return HoldsTokenizer(folder) || HoldsT5Tokenizer(folder) ? folder : fs::path();
}

void FolderSource::RequireComponents() const {
  std::vector<std::string> missing;
  for (const auto& [component, value] : folder_.json().items()) {
    const bool read = component.starts_with("text_encoder") || component.starts_with("tokenizer") ||
                      component == "transformer" || component == "unet" || component == "vae";
    std::error_code error;
    if (read && folder_.Has(component) && !fs::is_directory(path() / component, error)) missing.push_back(component);
  }
  if (missing.size() > 1)
    Fail(
        "{}: the folders {} are missing, which model_index.json names (there, [null, null] is what is left out on "
        "purpose)",
        path().string(), fmt::join(missing, ", "));
}

ModelSource::Config SingleFileSource::OwnConfig(const std::string& component,
                                                const std::vector<std::string>& classes) const {
  index_.Require(component, classes);
  return {file_.ConfigOf(component), fmt::format("{} ({})", path().string(), component)};
}

fs::path SingleFileSource::LookForTokenizers() const {
  const char* environment = std::getenv("SKIPBENCH_TOKENIZER_FOLDER");
  return !tokenizer_folder_.empty()      ? tokenizer_folder_
         : environment && environment[0] ? fs::path(environment)
                                         : path().parent_path() / "tokenizer";
}

fs::path SingleFileSource::TokenizerFolder(const std::string& component) const {
  const fs::path folder = LookForTokenizers();
  if (component == "tokenizer_2" && HoldsTokenizer(folder / "tokenizer_2")) return folder / "tokenizer_2";
  for (const fs::path& one : {folder / "tokenizer", folder})
    if (HoldsTokenizer(one)) return one;
  return {};
}

ClipTokenizer SingleFileSource::OpenTokenizer(const std::string& component, ClipVariant variant) const {
  const fs::path folder = TokenizerFolder(component);
  if (folder.empty())
    Fail(
        "{}: a single-file checkpoint holds no tokenizer; looked for vocab.json and merges.txt, or tokenizer.json, in "
        "{}\n"
        "Name the folder that has them with \"tokenizer_folder\" in the config or SKIPBENCH_TOKENIZER_FOLDER, or put "
        "it beside the checkpoint as \"tokenizer\". The tokenizer of any Stable Diffusion 1.x or SDXL model, or of "
        "openai/clip-vit-large-patch14, will do.",
        path().string(), LookForTokenizers().string());
  const bool second = component == "tokenizer_2", own = second && folder.filename() == "tokenizer_2";
  ClipTokenizerFiles files = ReadClipTokenizer(folder);
  ClipTokenizerConfig& config = files.config;
  // OpenCLIP's has the same vocabulary; it pads with id 0, which is "!", and that is then a token of its own.
  if (second && !own) {
    config.pad_token = std::string("!");  // by assignment of a literal, GCC 12 warns of an overflow that is not there
    config.added.push_back({.id = 0, .content = "!", .normalized = false});
  }
  ClipTokenizer tokenizer(std::move(files.encoding), config, variant, folder.string());
  const int64_t expected = second ? 0 : tokenizer.eos_id();
  if (tokenizer.pad_id() != expected)
    Fail("{}: the {} of this checkpoint pads with id {}, but the tokenizer in {} pads with {}", path().string(),
         component, expected, folder.string(), tokenizer.pad_id());
  return tokenizer;
}

std::unique_ptr<ModelSource> OpenModelSource(const std::filesystem::path& path, const PipelineOptions& options) {
  if (std::filesystem::is_regular_file(path)) {
    if (!options.variant.empty())
      Fail("{}: variant \"{}\": a single file has no variants", path.string(), options.variant);
    return std::make_unique<SingleFileSource>(SingleFile(path), options.tokenizer_folder);
  }
  if (!options.tokenizer_folder.empty())
    Fail("{}: tokenizer_folder is for single-file checkpoints; this folder has its own tokenizer", path.string());
  auto folder = std::make_unique<FolderSource>(path);
  folder->CheckVariant(options);
  return folder;
}

}  // namespace skipbench
