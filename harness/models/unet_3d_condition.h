// UNet3DConditionModel: the network of ModelScope text-to-video (ms-1.7b), the layout of Stable Diffusion with layers
// along time after every ResNet block and every attention.
#pragma once

#include "harness/base/json.h"
#include "harness/models/unet.h"

namespace skipbench {

class UNet3DConditionModel : public UNet {
 public:
  // Attention is CrossAttnDownBlock3D's.
  struct Config : UNetConfig {
    int64_t cross_attention_dim = 1024;
    // Channels of a head at every level: attention_head_dim means what it says, unlike in UNet2DConditionModel.
    int64_t head_dim = 64;
  };
  static constexpr const char* kClassNames[] = {"UNet3DConditionModel"};
  static Config ParseConfig(const JsonReader& json);  // errors as ParseUNet2D

  UNet3DConditionModel(const Config& config, const Weights& w) : UNet3DConditionModel(config, w, config.in_channels) {}

 protected:
  // `conv_in_channels`: of conv_in, where more than the sample goes in.
  UNet3DConditionModel(const Config& config, const Weights& w, int64_t conv_in_channels);
  // What UNet3DConditionModel and I2VGenXLUNet read alike.
  static Config ParseCommon(const JsonReader& json);

  Config config_;

 private:
  BlockOptions LayerOptions(bool cross_attention) const;
};

}  // namespace skipbench
