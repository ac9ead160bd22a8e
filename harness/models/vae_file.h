// An autoencoder by itself: a folder in diffusers' layout, or one .safetensors file with CompVis' names
// (vae-ft-mse-840000-ema-pruned, sdxl_vae; alone or inside a whole checkpoint), or diffusers'.
#pragma once

#include <filesystem>

#include "harness/base/json.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

class VaeFile {
 public:
  // Reads config.json or the file's header. What a file's tensors do not tell (scaling_factor, force_upcast and the
  // like) is taken from config.json beside a file with diffusers' names, else from `own`, the config of the autoencoder
  // in whose place this one stands: the denoiser was trained on its scale. Throws Error naming the file for one that
  // holds no AutoencoderKL.
  VaeFile(std::filesystem::path place, const Json& own);

  const std::filesystem::path& place() const { return place_; }
  const Json& config() const { return config_; }                   // as in diffusers' config.json
  const std::string& config_file() const { return config_file_; }  // where it is from, for messages
  // Under diffusers' names. `stem`: of the files in a folder, which is read without a variant where it has none.
  Weights Open(const std::string& stem, WeightsOptions options) const;

 private:
  std::filesystem::path place_;
  Json config_;
  std::string config_file_;
  std::string prefix_;     // of CompVis' names
  bool original_ = false;  // CompVis' names
};

}  // namespace skipbench
