#include "harness/pipelines/model_folder.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

fs::path IndexOf(const fs::path& folder) {
  if (!fs::is_directory(folder)) Fail("{}: not a folder; a model in diffusers' layout was expected", folder.string());
  if (!fs::exists(folder / "model_index.json"))
    Fail("{}: no model_index.json; a model in diffusers' layout was expected", folder.string());
  return folder / "model_index.json";
}

}  // namespace

ModelIndex::ModelIndex(Json json, std::string file)
    : json_(std::move(json)), file_(std::move(file)), class_name_(JsonReader(json_, file_).String("_class_name")) {}

bool ModelIndex::Has(const std::string& component) const {
  const auto found = json_.find(component);
  if (found == json_.end() || !found->is_array()) return false;  // other keys are options of the pipeline
  const bool pair = found->size() == 2;
  if (pair && (*found)[0].is_null() && (*found)[1].is_null()) return false;
  if (!pair || !(*found)[0].is_string() || !(*found)[1].is_string())
    Fail("{}: {}: expected [\"library\", \"Class\"], or [null, null] for a component that is left out, found {}", file_,
         component, found->dump());
  return true;
}

std::string ModelIndex::ClassOf(const std::string& component) const {
  if (!Has(component)) Fail("{}: the component {} is missing (expected [\"library\", \"Class\"])", file_, component);
  return json_[component][1].get<std::string>();
}

void ModelIndex::Require(const std::string& component, const std::vector<std::string>& classes) const {
  const std::string name = ClassOf(component);
  if (std::find(classes.begin(), classes.end(), name) == classes.end())
    FailUnsupported("{}: {} is a {}; supported here: {}", file_, component, name, fmt::join(classes, ", "));
}

ModelFolder::ModelFolder(fs::path folder)
    : ModelIndex(ReadJsonFile(IndexOf(folder)), IndexOf(folder).string()), path_(std::move(folder)) {}

fs::path ModelFolder::Component(const std::string& component, const std::vector<std::string>& classes) const {
  Require(component, classes);
  if (fs::is_directory(path_ / component)) return path_ / component;
  // The flat layout of the first DDPM repositories: everything at the root.
  if (fs::exists(path_ / "config.json") || fs::exists(path_ / "scheduler_config.json")) return path_;
  Fail(
      "{}: the folder {} is missing, which model_index.json names (there, [null, null] is what is left out on purpose)",
      path_.string(), component);
}

}  // namespace skipbench
