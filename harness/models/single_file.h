// Original Stable Diffusion checkpoints: one .safetensors file with all networks, under the names of CompVis' and
// Stability AI's code (model.diffusion_model.*, first_stage_model.*, cond_stage_model.* or conditioner.embedders.*).
//
// Such a file has no configuration. Everything that shapes can tell (channels, levels, layers, widths) is read off
// them; what they cannot tell is as published for Stable Diffusion 1.5 and SDXL base 1.0: heads (SD1: 8 everywhere,
// SDXL and the text encoders: 64 channels each), scaling factors, picture sizes, scheduler. Tensors keep their values;
// only names change, OpenCLIP's fused q, k, v are cut apart and its projection is transposed, on loading. The mapping
// is that of diffusers/loaders/single_file_utils.py.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

class SingleFile {
 public:
  // Reads the file's header. `overrides` replaces values of configs, by component: {"unet": {"attention_head_dim": 4}}.
  // Throws Error naming the file for one that is not such a checkpoint, UnsupportedError for a relative of another
  // kind (Stable Diffusion 2, SDXL refiner, inpainting, EDM). A model that predicts v gets a scheduler that knows it.
  explicit SingleFile(std::filesystem::path file, const Json& overrides = Json::object());

  const std::filesystem::path& path() const { return path_; }

  // What model_index.json says in a folder: class name, components and their classes. No tokenizers.
  const Json& index() const { return index_; }
  const std::vector<std::string>& notes() const { return notes_; }  // what the file says of itself beside tensors
  // The config.json (scheduler_config.json) of "unet", "vae", "text_encoder", "text_encoder_2" (SDXL), "scheduler".
  const Json& ConfigOf(const std::string& component) const;

  // The tensors of a network, under diffusers' and transformers' names. `options.map` is replaced.
  Weights OpenWeights(const std::string& component, WeightsOptions options = {}) const;

 private:
  std::filesystem::path path_;
  bool xl_ = false;  // SDXL, else Stable Diffusion 1
  Json index_;
  std::vector<std::string> notes_;
  std::map<std::string, Json> configs_;
};

// An autoencoder by itself: a folder in diffusers' layout, or one .safetensors file with CompVis' names
// (vae-ft-mse-840000-ema-pruned, sdxl_vae; alone or inside a whole checkpoint), or diffusers'.
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
