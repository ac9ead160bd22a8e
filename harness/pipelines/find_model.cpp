#include <cstdlib>
#include <sstream>

#include "harness/base/did_you_mean.h"
#include "harness/pipelines/pipeline.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> SplitPaths(const std::string& text) {
  std::vector<fs::path> paths;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ':');)
    if (!one.empty()) paths.emplace_back(one);
  return paths;
}

bool IsModel(const fs::path& path) { return fs::exists(path / "model_index.json"); }

// The program stands in build/ of the checkout, beside datasets/. `folder`: of datasets.
fs::path ShippedModel(const char* folder) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path().parent_path() / "datasets" / folder / "model";
}

}  // namespace

fs::path FindModel(const std::string& name, const fs::path& base, const std::string& models) {
  std::vector<fs::path> places = {fs::path(name).is_absolute() ? fs::path(name) : base / name};
  for (const auto& path : SplitPaths(models)) places.push_back(path / name);
  if (const char* environment = std::getenv("SKIPBENCH_MODELS"))
    for (const auto& path : SplitPaths(environment)) places.push_back(path / name);
  if (name == "fashion-scenes") places.push_back(ShippedModel("fashion_scenes"));
  if (name == "fashion-motion") places.push_back(ShippedModel("fashion_motion"));
  std::string looked;
  for (const auto& place : places) {
    if (IsModel(place) || (fs::is_regular_file(place) && place.extension() == ".safetensors")) return place.lexically_normal();
    looked += "\n  " + place.lexically_normal().string();
  }
  const std::string meant = DidYouMean(name, {"fashion-scenes", "fashion-motion"});
  Fail("pipeline \"{}\": no folder with a model_index.json (and no single-file .safetensors checkpoint) found; looked at{}\n"
       "Give a path, or name the folder that holds it with --models or SKIPBENCH_MODELS{}", name, looked, meant.empty() ? "." : meant);
}

}  // namespace skipbench
