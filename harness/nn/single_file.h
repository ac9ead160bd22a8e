// Stable Diffusion 1.x and XL base in one .safetensors file, as originally released and as communities share them: the
// original code's names are mapped to diffusers', and the configurations that a folder would hold follow from the shapes.
// (scripts/convert/stable_diffusion.py writes such folders; both map alike.)
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/nn/weights.h"

namespace skipbench {

class SingleFile {
 public:
  // Throws Error when the file is no checkpoint of Stable Diffusion 1.x or XL base; UnsupportedError, with the conversion
  // that helps, for Stable Diffusion 2.x and other relatives that the tensors do not tell enough about.
  explicit SingleFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  bool xl() const { return xl_; }

  // What model_index.json would say: _class_name and the components with their classes. The file holds no vocabulary:
  // tokenizer and tokenizer_2 are named, but have to come from a folder.
  Json ModelIndex() const;
  // What COMPONENT/config.json would say: unet, vae, text_encoder, text_encoder_2 (XL), and scheduler.
  Json Config(const std::string& component) const;
  // The component's tensors, under diffusers' names. `options.map` and `options.variant` are not used.
  Weights Open(const std::string& component, WeightsOptions options = {}) const;

 private:
  using Shapes = std::map<std::string, std::vector<int64_t>, std::less<>>;
  NameMap MapOf(const std::string& component) const;
  Shapes ShapesOf(const std::string& component) const;      // by diffusers' names

  std::filesystem::path path_;
  Shapes shapes_;                                           // by the file's names
  bool xl_ = false;
};

}  // namespace skipbench
