#include "harness/pipelines/find_model.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/paths.h"
#include "harness/io/files/content_kind.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

bool IsModel(const fs::path& path) { return fs::exists(path / "model_index.json"); }
bool IsCheckpoint(const fs::path& path) { return fs::is_regular_file(path) && path.extension() == ".safetensors"; }
bool IsVae(const fs::path& path) { return fs::is_directory(path) && fs::exists(path / "config.json"); }

std::vector<fs::path> FoldersIn(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& one : fs::directory_iterator(folder, error))
    if (one.is_directory(error)) found.push_back(one.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::string Names(const std::vector<fs::path>& paths) {
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(path.filename().string());
  return fmt::format("{}", fmt::join(names, ", "));
}

// The commit that refs/main of a cached repository names; empty without that file.
std::string MainCommit(const fs::path& repository) {
  std::ifstream in(repository / "refs" / "main");
  std::string commit;
  in >> commit;
  return commit;
}

// Of models--ORG--NAME in a Hugging Face cache (blobs, refs, snapshots) the snapshot that is meant: refs/main's, or the
// only one. Nothing where `path` is no such folder, nor its folder "snapshots".
std::optional<fs::path> Snapshot(const fs::path& path) {
  const bool inside = path.filename() == "snapshots" && fs::is_directory(path.parent_path() / "refs");
  const fs::path repository = inside ? path.parent_path() : path, folder = repository / "snapshots";
  if (!fs::is_directory(folder)) return std::nullopt;
  const auto snapshots = FoldersIn(folder);
  const std::string what = fmt::format("{}: a repository in a Hugging Face cache", repository.string());
  if (snapshots.empty()) Fail("{} without a snapshot: nothing of it has been downloaded", what);
  const std::string commit = MainCommit(repository);
  if (!commit.empty() && fs::is_directory(folder / commit)) return folder / commit;
  if (snapshots.size() == 1) return snapshots[0];
  Fail("{} with {} snapshots, of which refs/main names none; name one of {}: {}", what, snapshots.size(),
       folder.string(), Names(snapshots));
}

// A file that was meant to be a model: pickles and what else is no safetensors file.
void ExplainFile(const fs::path& place) {
  const std::string extension = place.extension().string(), kind = KindOfFile(place).name;
  if (extension == ".ckpt" || extension == ".pt" || extension == ".pth" || extension == ".bin" ||
      kind == kPytorchCheckpoint)
    Fail(
        "{}: a pickle (PyTorch checkpoint), which can run code when it is read; a model is a folder in diffusers' "
        "layout or a .safetensors file",
        place.string());
  Fail("{}: {}; a model is a folder in diffusers' layout or a .safetensors file", place.string(),
       kind.empty() ? "a file" : kind);
}

// A network, adapter or checkpoint of a training by itself.
void ExplainPart(const fs::path& place) {
  const std::string whole = "a model is the folder with model_index.json";
  for (const char* name : {"pytorch_lora_weights.safetensors", "pytorch_lora_weights.bin", "adapter_config.json"})
    if (fs::exists(place / name))
      Fail("{}: LoRA weights ({}), which are not supported; {}", place.string(), name, whole);
  if (fs::exists(place / "config.json")) {
    const Json json = ReadJsonFile(place / "config.json");
    const JsonReader config(json, (place / "config.json").string());
    const std::string name = config.StringOr("_class_name", "");
    Fail("{}: {} by itself, not a model; {}", place.string(),
         name.empty() ? "a network" : fmt::format("one network ({})", name), whole);
  }
  for (const char* name : {"unet", "transformer", "unet_ema"})
    if (fs::is_directory(place / name))
      Fail(
          "{}: holds the folder {}, but no model_index.json: a download that is not complete, or a checkpoint of a "
          "training; {}",
          place.string(), name, whole);
}

// Says what is in a place that was meant to be a model and is none; returns where it is nothing that is known.
void ExplainFolder(const fs::path& place) {
  if (fs::is_regular_file(place)) ExplainFile(place);
  if (!fs::is_directory(place)) return;
  if (IsModel(place.parent_path()) && fs::exists(place / "config.json"))
    Fail("{}: a component of the model in {}, not a model; name that folder", place.string(),
         place.parent_path().string());
  std::vector<fs::path> models;
  for (const auto& folder : FoldersIn(place))
    if (folder.filename().string().starts_with("models--")) models.push_back(folder);
  if (!models.empty())
    Fail("{}: a Hugging Face cache of several repositories; name one of them: {}", place.string(), Names(models));
  ExplainPart(place);
}

// Where `name` is looked for: beside `base`, and in every folder of the search path, also as a Hugging Face cache keeps
// "ORG/NAME".
std::vector<fs::path> Places(const std::string& name, const fs::path& base, const std::string& models) {
  std::vector<fs::path> places = {fs::path(name).is_absolute() ? fs::path(name) : base / name};
  std::vector<fs::path> folders = SplitPaths(models);
  for (auto& path : PathsOfEnvironment("SKIPBENCH_MODELS")) folders.push_back(std::move(path));
  const size_t slash = name.find('/');
  for (const auto& folder : folders) {
    places.push_back(folder / name);
    if (slash != std::string::npos && slash > 0 && name.find('/', slash + 1) == std::string::npos)
      places.push_back(folder / fmt::format("models--{}--{}", name.substr(0, slash), name.substr(slash + 1)));
  }
  for (auto& place : places) {
    place = place.lexically_normal();
    if (place.filename().empty()) place = place.parent_path();  // without the slash at its end
  }
  return places;
}

// What is looked for.
struct Wanted {
  std::string what;          // "pipeline"
  const char *file, *other;  // that a folder has, and what else will do
  std::function<bool(const fs::path&)> fits;
  std::string hint = "";
};

// The first place that fits, a cached repository's snapshot in the place of its folder.
fs::path First(const Wanted& wanted, const std::string& name, const std::vector<fs::path>& places) {
  std::string looked;
  for (const auto& place : places) {
    if (wanted.fits(place)) return place;
    looked += "\n  " + place.string();
    const auto snapshot = Snapshot(place);
    if (!snapshot) continue;
    if (wanted.fits(*snapshot)) return *snapshot;
    Fail(
        "{}: this snapshot of the Hugging Face cache has no {}: its download is not complete, or it is no model in "
        "diffusers' layout",
        snapshot->string(), wanted.file);
  }
  for (const auto& place : places) ExplainFolder(place);
  Fail(
      "{} \"{}\": no folder with a {} (and no {}) found; looked at{}\n"
      "Give a path, or name the folder that holds it with --models or SKIPBENCH_MODELS{}",
      wanted.what, name, wanted.file, wanted.other, looked, wanted.hint.empty() ? "." : wanted.hint);
}

}  // namespace

fs::path FindModel(const std::string& name, const fs::path& base, const std::string& models) {
  auto places = Places(name, base, models);
  for (const std::string shipped : {"scenes", "motion", "flow"})
    if (name == "fashion-" + shipped) places.push_back(ShippedFolder("fashion_" + shipped) / "model");
  const auto fits = [](const fs::path& path) { return IsModel(path) || IsCheckpoint(path); };
  return First({"pipeline", "model_index.json", "single-file .safetensors checkpoint", fits,
                DidYouMean(name, {"fashion-scenes", "fashion-motion", "fashion-flow"})},
               name, places);
}

fs::path FindVae(const std::string& name, const fs::path& base, const std::string& models) {
  const auto fits = [](const fs::path& path) {
    return IsCheckpoint(path) || (IsModel(path) ? IsVae(path / "vae") : IsVae(path));
  };
  const fs::path found = First({"vae", "config.json", ".safetensors file", fits}, name, Places(name, base, models));
  return IsModel(found) ? found / "vae" : found;
}

std::string ModelName(const fs::path& path) {
  if (path.filename() == "model") return path.parent_path().filename().string();
  if (path.parent_path().filename() == "snapshots") {
    const std::string repository = path.parent_path().parent_path().filename().string();  // models--ORG--NAME
    if (repository.starts_with("models--")) return repository.substr(repository.rfind("--") + 2);
  }
  return path.filename().string();
}

}  // namespace skipbench
