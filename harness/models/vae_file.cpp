#include "harness/models/vae_file.h"

#include "harness/base/error.h"
#include "harness/io/files/safetensors.h"
#include "harness/models/single_file_configs.h"
#include "harness/models/single_file_names.h"

namespace skipbench {

namespace fs = std::filesystem;

VaeFile::VaeFile(fs::path file, const Json& own) : path_(std::move(file)), config_file_(path_.string() + " (vae)") {
  const CheckpointShapes shapes(*SafetensorsFile::Open(path_));
  if (shapes.HasPrefix("decoder.up_blocks.")) {
    const fs::path beside = path_.parent_path() / "config.json";
    std::error_code error;
    const bool has_config = fs::exists(beside, error);
    config_ = has_config ? ReadJsonFile(beside) : own;
    if (has_config) config_file_ = beside.string();
    return;
  }
  original_ = true;
  for (const char* prefix : {kVaePrefix, ""})
    if (shapes.HasPrefix(std::string(prefix) + "decoder.up.")) {
      prefix_ = prefix;
      config_ = VaeConfigOf(shapes, false, prefix_);
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
      path_.string(), kVaePrefix);
}

Weights VaeFile::Open(WeightsOptions options) const {
  if (original_) options.map = VaeNames(static_cast<int64_t>(config_.at("block_out_channels").size()), prefix_);
  return Weights::FromFile(path_, std::move(options));
}

}  // namespace skipbench
