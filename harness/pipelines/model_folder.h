// A model's folder in diffusers' layout: model_index.json names the components and their classes; each stands in a
// sub-folder of its own, or, as in google/ddpm-cifar10-32, at the root.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

class ModelFolder {
 public:
  // Reads and checks model_index.json. Throws Error naming the folder and what is wrong with it.
  explicit ModelFolder(std::filesystem::path folder);

  const std::filesystem::path& path() const { return path_; }
  const std::string& class_name() const { return class_name_; }
  const Json& index() const { return index_; }
  std::string index_file() const { return (path_ / "model_index.json").string(); }
  bool Has(const std::string& component) const;             // named in the index, and not as [null, null]
  std::string ClassOf(const std::string& component) const;  // "UNet2DConditionModel"
  // Folder of a component that must be there and have one of these classes.
  std::filesystem::path Component(const std::string& component, const std::vector<std::string>& classes) const;
  // Its JSON file ("config.json", "scheduler_config.json"), read.
  Json ConfigOf(const std::string& component, const std::vector<std::string>& classes, const std::string& file) const;

 private:
  std::filesystem::path path_;
  std::string class_name_;
  Json index_;
};

}  // namespace skipbench
