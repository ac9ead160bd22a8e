#include "harness/models/vae_file.h"

#include <optional>

#include "harness/base/error.h"
#include "harness/io/files/safetensors.h"
#include "harness/models/single_file_configs.h"
#include "harness/models/single_file_names.h"
#include "harness/nn/weights/weights_files.h"

namespace skipbench {

namespace fs = std::filesystem;

VaeFile::VaeFile(fs::path place, const Json& own) : place_(std::move(place)), config_file_(place_.string() + " (vae)") {
  const bool folder = fs::is_directory(place_);
  const fs::path beside = (folder ? place_ : place_.parent_path()) / "config.json";
  std::optional<CheckpointShapes> shapes;
  if (!folder) shapes.emplace(*SafetensorsFile::Open(place_));
  if (folder || shapes->HasPrefix("decoder.up_blocks.")) {
    std::error_code error;
    const bool has_config = folder || fs::exists(beside, error);
    config_ = has_config ? ReadJsonFile(beside) : own;
    if (has_config) config_file_ = beside.string();
    return;
  }
  original_ = true;
  for (const char* prefix : {kVaePrefix, ""})
    if (shapes->HasPrefix(std::string(prefix) + "decoder.up.")) {
      prefix_ = prefix;
      config_ = VaeConfigOf(*shapes, false, prefix_);
      for (const char* key :
           {"scaling_factor", "shift_factor", "force_upcast", "sample_size", "latents_mean", "latents_std"}) {
        config_.erase(key);
        if (own.contains(key)) config_[key] = own[key];
      }
      return;
    }
  Fail(
      "{}: no autoencoder: it has neither tensors decoder.up_blocks.* (diffusers) nor decoder.up.* or {}decoder.up.* "
      "(CompVis)",
      place_.string(), kVaePrefix);
}

Weights VaeFile::Open(const std::string& stem, WeightsOptions options) const {
  if (fs::is_directory(place_)) {
    options.variant = ExistingVariant(place_, stem, options.variant);
    return Weights::FromFolder(place_, stem, std::move(options));
  }
  if (original_) options.map = VaeNames(static_cast<int64_t>(config_.at("block_out_channels").size()), prefix_);
  return Weights::FromFile(place_, std::move(options));
}

}  // namespace skipbench
