// UNet3DConditionModel: the network of ModelScope text-to-video (ms-1.7b), the layout of Stable Diffusion with layers
// along time after every ResNet block and every attention.
#pragma once

#include <optional>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/unet.h"

namespace skipbench {

class UNet3DConditionModel : public UNet {
 public:
  // diffusers' config.json; defaults are diffusers'. One entry for each level where it says so.
  struct Config {
    int64_t sample_size = 0;  // 0: not said
    int64_t in_channels = 4;  // of the sample
    int64_t out_channels = 4;
    std::vector<bool> down_cross_attention;  // CrossAttnDownBlock3D, else DownBlock3D
    std::vector<bool> up_cross_attention;
    std::vector<int64_t> block_out_channels = {320, 640, 1280, 1280};
    int64_t layers_per_block = 2;
    int64_t downsample_padding = 1;
    double mid_block_scale_factor = 1;
    int64_t norm_num_groups = 32;
    double norm_eps = 1e-5;
    int64_t cross_attention_dim = 1024;
    // Channels of a head at every level: attention_head_dim means what it says, unlike in UNet2DConditionModel.
    int64_t head_dim = 64;
  };
  static constexpr const char* kClassNames[] = {"UNet3DConditionModel"};
  // Throws Error for impossible values, UnsupportedError for options that are not implemented; both name file, key and
  // value.
  static Config ParseConfig(const JsonReader& json);

  UNet3DConditionModel(const Config& config, const Weights& w) : UNet3DConditionModel(config, w, config.in_channels) {}
  const Config& config() const { return config_; }

 protected:
  // `conv_in_channels`: of conv_in, where more than the sample goes in.
  UNet3DConditionModel(const Config& config, const Weights& w, int64_t conv_in_channels);
  // What UNet3DConditionModel and I2VGenXLUNet read alike.
  static Config ParseCommon(const JsonReader& json);

  at::Tensor EmbedTime(const NetworkInputs& inputs) const override;
  bool TimeIsShared() const override { return true; }

  Config config_;
  Timesteps time_proj_;
  std::optional<TimestepEmbedding> time_embedding_;

 private:
  BlockOptions LayerOptions(bool cross_attention) const;
};

}  // namespace skipbench
