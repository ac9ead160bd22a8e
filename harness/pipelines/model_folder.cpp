#include "harness/pipelines/model_folder.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {

namespace fs = std::filesystem;

ModelFolder::ModelFolder(fs::path folder) : path_(std::move(folder)) {
  if (!fs::is_directory(path_)) Fail("{}: not a folder; a model in diffusers' layout was expected", path_.string());
  if (!fs::exists(path_ / "model_index.json"))
    Fail("{}: no model_index.json; a model in diffusers' layout was expected", path_.string());
  index_ = ReadJsonFile(path_ / "model_index.json");
  const JsonReader reader(index_, index_file());
  class_name_ = reader.String("_class_name");
}

bool ModelFolder::Has(const std::string& component) const {
  auto found = index_.find(component);
  return found != index_.end() && found->is_array() && found->size() == 2 && (*found)[1].is_string();
}

std::string ModelFolder::ClassOf(const std::string& component) const {
  if (!Has(component))
    Fail("{}: the component {} is missing (expected [\"library\", \"Class\"])", index_file(), component);
  return index_[component][1].get<std::string>();
}

fs::path ModelFolder::Component(const std::string& component, const std::vector<std::string>& classes) const {
  const std::string name = ClassOf(component);
  if (std::find(classes.begin(), classes.end(), name) == classes.end())
    FailUnsupported("{}: {} is a {}; supported here: {}", index_file(), component, name, fmt::join(classes, ", "));
  if (fs::is_directory(path_ / component)) return path_ / component;
  // The flat layout of the first DDPM repositories: everything at the root.
  if (fs::exists(path_ / "config.json") || fs::exists(path_ / "scheduler_config.json")) return path_;
  Fail("{}: the folder {} is missing, which model_index.json names", path_.string(), component);
}

Json ModelFolder::ConfigOf(const std::string& component, const std::vector<std::string>& classes,
                           const std::string& file) const {
  return ReadJsonFile(Component(component, classes) / file);
}

}  // namespace skipbench
