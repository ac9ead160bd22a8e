// UNet2DModel: the unconditional network of DDPM (CIFAR10, LSUN), with self-attention at single levels.
#pragma once

#include <optional>

#include "harness/base/json.h"
#include "harness/models/unet.h"

namespace skipbench {

class UNet2DModel : public UNet {
 public:
  // Attention is AttnDownBlock2D's.
  struct Config : UNetConfig {
    Config() {
      in_channels = out_channels = 3;
      block_out_channels = {224, 448, 672, 896};
    }
    bool has_mid_block = true;
    std::optional<int64_t> attention_head_dim = 8;  // channels of one head; null: all of them, one head
    int64_t attn_norm_num_groups = 0;               // of the mid block's attention; 0: norm_num_groups
    bool add_attention = true;                      // in the mid block
  };
  static constexpr const char* kClassNames[] = {"UNet2DModel"};
  static Config ParseConfig(const JsonReader& json);  // errors as ParseUNet2D

  UNet2DModel(const Config& config, const Weights& w);

 private:
  void CheckSize(int64_t height, int64_t width) const override;
  BlockOptions LayerOptions(int64_t channels, bool attention) const;

  Config config_;
};

}  // namespace skipbench
