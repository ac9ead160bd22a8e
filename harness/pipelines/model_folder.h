// A model's folder in diffusers' layout: model_index.json names the components and their classes; each stands in a
// sub-folder of its own, or, as in google/ddpm-cifar10-32, at the root.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

// model_index.json.
class ModelIndex {
 public:
  // `file` for messages. Throws Error unless the model's class is named.
  ModelIndex(Json json, std::string file);

  const Json& json() const { return json_; }
  const std::string& file() const { return file_; }
  const std::string& class_name() const { return class_name_; }  // "StableDiffusionPipeline"
  bool Has(const std::string& component) const;                  // named, and not as [null, null]
  std::string ClassOf(const std::string& component) const;       // "UNet2DConditionModel"
  // Throws Error unless the component is there, UnsupportedError unless it has one of these classes.
  void Require(const std::string& component, const std::vector<std::string>& classes) const;

 private:
  Json json_;
  std::string file_, class_name_;
};

class ModelFolder : public ModelIndex {
 public:
  // Reads and checks model_index.json. Throws Error naming the folder and what is wrong with it.
  explicit ModelFolder(std::filesystem::path folder);

  const std::filesystem::path& path() const { return path_; }
  // Folder of a component that must be there and have one of these classes.
  std::filesystem::path Component(const std::string& component, const std::vector<std::string>& classes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace skipbench
