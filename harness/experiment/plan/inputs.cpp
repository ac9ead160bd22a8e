#include "harness/experiment/plan/inputs.h"

#include "harness/io/files/sha256.h"
#include "harness/store/source.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

void Update(Sha256* hash, std::string_view text) { hash->Update(std::as_bytes(std::span(text))); }

std::string NameOf(const fs::path& path) {
  const fs::path plain = path.lexically_normal();
  return (plain.has_filename() ? plain : plain.parent_path()).filename().string();
}

// What is no part of a folder's content: hidden files, what macOS packs with an archive, a database's lock.
bool Aside(const std::string& name) {
  return name.starts_with(".") || name == "__MACOSX" || name == "lock.mdb" || name == "Thumbs.db";
}

// The files below a folder, by their names in it.
void Collect(const fs::path& folder, const std::string& prefix, std::map<std::string, fs::path>* files) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (Aside(name)) continue;
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored))
      Collect(entry->path(), prefix + name + "/", files);
    else if (entry->is_regular_file(ignored))
      (*files)[prefix + name] = entry->path();
  }
  if (error) Fail("{}: cannot be read: {}", folder.string(), error.message());
}

std::string HashOfFiles(const std::map<std::string, fs::path>& files) {
  Sha256 all;
  for (const auto& [name, file] : files) {
    Update(&all, name);
    Update(&all, fmt::format("\n{}\n", Sha256OfFile(file)));
  }
  return all.HexDigest();
}

std::string HashOfPath(const fs::path& path) {
  if (!fs::is_directory(path)) return Sha256OfFile(path);
  std::map<std::string, fs::path> files;
  Collect(path, "", &files);
  return HashOfFiles(files);
}

// A result's numbers, without the pictures beside them.
std::string HashOfResult(const fs::path& path) {
  const auto list = fs::is_directory(path) ? ResultFiles(path) : std::vector{path};
  if (list.size() == 1) return Sha256OfFile(list[0]);
  std::map<std::string, fs::path> files;
  for (const auto& file : list) files[file.filename().string()] = file;
  return HashOfFiles(files);
}

std::string HashOfSamples(const std::vector<Sample>& samples) {
  Sha256 all;
  for (const auto& sample : samples)
    Update(&all, fmt::format("{} {} {} {}\n", sample.id, sample.label, sample.caption.size(), sample.caption));
  return all.HexDigest();
}

class Inputs {
 public:
  void Add(const std::string& part, const fs::path& path) {
    auto [known, fresh] = hashes_.try_emplace(path);  // several metrics share one reference
    if (fresh) known->second = HashOfPath(path);
    Put(part, NameOf(path), known->second);
  }
  void Put(const std::string& part, const std::string& file, const std::string& sha256) {
    inputs_[part] = {file, sha256};
  }
  std::map<std::string, InputFile> Take() { return std::move(inputs_); }

 private:
  std::map<fs::path, std::string> hashes_;
  std::map<std::string, InputFile> inputs_;
};

void AddData(const Plan& plan, Inputs* inputs) {
  std::string names;
  for (const auto& [key, file] : plan.data_lists) {
    inputs->Add("data." + key, file);
    names = NameOf(file);
  }
  inputs->Put("data.samples", names.empty() ? "ids, captions and labels" : "ids, captions and labels of " + names,
              HashOfSamples(plan.samples));
  if (plan.pipeline->info().needs_image)
    inputs->Put("data.images", "the start images", HashOfStartImages(plan.samples));
}

void AddMetrics(const Plan& plan, Inputs* inputs) {
  for (const auto& weights : FindMetricFiles(plan.config)) {
    if (!weights.missing.empty()) continue;
    for (size_t k = 0; k < weights.files.size(); ++k)
      inputs->Add(
          fmt::format("weights of {}{}", weights.metric, weights.files.size() > 1 ? fmt::format(", {}", k + 1) : ""),
          weights.files[k]);
  }
  for (const auto& [metric, path] : plan.metric_references) inputs->Add("metric_reference of " + metric, path);
}

void AddKey(const Json& config, const std::string& pointer, std::vector<std::string>* keys) {
  if (config.contains(Json::json_pointer(pointer))) keys->push_back(pointer);
}

}  // namespace

std::string HashOfStartImages(std::span<const Sample> samples) {
  Sha256 all;
  std::map<fs::path, std::string> known;
  for (const auto& sample : samples) {
    auto [found, fresh] = known.try_emplace(sample.image);
    if (fresh) found->second = Sha256OfFile(sample.image);
    Update(&all, fmt::format("{} {}\n", sample.id, found->second));
  }
  return all.HexDigest();
}

std::map<std::string, InputFile> HashInputs(const Plan& plan) {
  Inputs inputs;
  for (const auto& [place, file] : plan.pipeline->info().config_files)
    inputs.Put("model." + place, place, Sha256OfFile(file));
  AddData(plan, &inputs);
  if (plan.config.noise.source == "file") {
    inputs.Add("noise.path", plan.config.noise.path);
    if (!plan.config.noise.step_path.empty()) inputs.Add("noise.step_noise.path", plan.config.noise.step_path);
  }
  for (const auto& setting : plan.settings)
    if (const auto* recorded = dynamic_cast<const RecordedPathMethod*>(setting.spec->method.get()))
      inputs.Put("paths of " + setting.spec->label, NameOf(recorded->source().result),
                 HashOfResult(recorded->source().result));
  if (plan.config.decide && plan.config.decide->asks("regression")) {
    const fs::path baseline = plan.config.folder() / plan.config.decide->baseline;
    inputs.Put("decide.baseline", NameOf(baseline), HashOfResult(baseline));
  }
  AddMetrics(plan, &inputs);
  return inputs.Take();
}

std::vector<std::string> PathKeys(const Plan& plan, const Json& expanded_config) {
  std::vector<std::string> keys;
  for (const char* key : {"/pipeline", "/tokenizer_folder", "/noise/path", "/noise/step_noise/path",
                          "/metric_reference", "/data/reference", "/vae", "/decide/baseline"})
    AddKey(expanded_config, key, &keys);
  for (const auto& [key, file] : plan.data_lists) AddKey(expanded_config, "/data/" + key, &keys);
  // A picture that starts a clip is hashed; other pictures of the data are the metrics' reference, or of no
  // consequence.
  for (const char* key : {"/data/images", "/data/folder"}) AddKey(expanded_config, key, &keys);
  const auto add_each = [&](const char* list, const char* value) {
    const size_t count = expanded_config.contains(list) ? expanded_config[list].size() : 0;
    for (size_t k = 0; k < count; ++k) AddKey(expanded_config, fmt::format("/{}/{}{}", list, k, value), &keys);
  };
  add_each("methods", "/from");
  add_each("settings", "/parameters/from");
  return keys;
}

}  // namespace skipbench
