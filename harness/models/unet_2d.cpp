#include "harness/models/unet_2d.h"

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

UNet2DModel::Config UNet2DModel::ParseConfig(const JsonReader& json) {
  CheckClassName<UNet2DModel>(json);
  Only(json, "mid_block_type", {"UNetMidBlock2D"});
  Only(json, "downsample_type", {"conv"});
  Only(json, "upsample_type", {"conv"});
  Config c;
  ParseUNetBlocks(json, "Attn", "2D", 0, &c);
  ParseUNet2D(json, {"timestep", "identity"}, &c);
  c.layers_per_block.assign(c.block_out_channels.size(), json.IntOr("layers_per_block", 2, 1, kMaxLayers));
  const Json* mid = json.Find("mid_block_type");
  c.has_mid_block = !mid || !mid->is_null();
  c.attention_head_dim = json.IntOr("attention_head_dim", 8, 1, kMaxChannels);
  if (const Json* heads = json.Find("attention_head_dim"); heads && heads->is_null()) c.attention_head_dim.reset();
  c.attn_norm_num_groups = json.IntOr("attn_norm_num_groups", 0, 1, kMaxChannels);
  c.add_attention = json.BoolOr("add_attention", true);
  IgnoreTheRest(json, {"dropout", "num_train_timesteps"});
  return c;
}

UNet2DModel::UNet2DModel(const Config& config, const Weights& w) : UNet(config), config_(config) {
  const int64_t last = config.block_out_channels.back();
  conv_in_.emplace(w.Sub("conv_in"), Conv2dOptions{config.in_channels, config.block_out_channels[0]});
  BuildTime(w);
  BuildDown(w,
            [&](size_t level) { return LayerOptions(config.block_out_channels[level], config.down_attention[level]); });
  if (config.has_mid_block) {
    BlockOptions options = LayerOptions(last, config.add_attention);
    options.resnet.output_scale = config.mid_block_scale_factor;
    // Without a number of its own this attention has a norm only where the time embedding is not a scale and shift.
    options.attention_groups = config.attn_norm_num_groups > 0 ? config.attn_norm_num_groups
                               : config.time_scale_shift       ? 0
                                                               : config.norm_num_groups;
    mid_block_.emplace(w.Sub("mid_block"), last, options, 1, &*time_);
  }
  BuildUp(w, [&](size_t block, size_t level) {
    return LayerOptions(config.block_out_channels[level], config.up_attention[block]);
  });
  FinishConstruction(w);
}

BlockOptions UNet2DModel::LayerOptions(int64_t channels, bool attention) const {
  BlockOptions options;
  options.resnet = Resnets();
  options.attention = attention ? BlockAttention::kSelf : BlockAttention::kNone;
  options.dim_head = config_.attention_head_dim.value_or(channels);
  options.attention_groups = config_.norm_num_groups;
  return options;
}

void UNet2DModel::CheckSize(int64_t height, int64_t width) const {
  const int64_t unit = int64_t{1} << (config_.block_out_channels.size() - 1);
  if (height % unit != 0 || width % unit != 0)
    Fail("a sample of {}x{}: this network takes multiples of {}", height, width, unit);
}

}  // namespace skipbench
