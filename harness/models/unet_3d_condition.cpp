#include "harness/models/unet_3d_condition.h"

#include "harness/models/config.h"

namespace skipbench {

namespace {
using Config = UNet3DConditionModel::Config;
constexpr int64_t kHeadsIn = 8;  // of transformer_in, whatever the channels
}  // namespace

Config UNet3DConditionModel::ParseCommon(const JsonReader& json) {
  Config c;
  ParseUNetBlocks(json, "CrossAttn", "3D", 3, &c);
  c.layers_per_block.assign(c.block_out_channels.size(), json.IntOr("layers_per_block", 2, 1, kMaxLayers));
  c.cross_attention_dim = json.IntOr("cross_attention_dim", c.cross_attention_dim, 1, kMaxChannels);
  const Json* head_dim = json.Find("attention_head_dim");
  if (head_dim && head_dim->is_array())
    FailUnsupportedValue(json, "attention_head_dim", "one number: transformer_in takes no list");
  c.head_dim = json.IntOr("attention_head_dim", c.head_dim, 1, kMaxChannels);
  for (int64_t channels : c.block_out_channels)
    if (channels < c.head_dim)
      json.FailAt("attention_head_dim",
                  fmt::format("heads of {} channels do not fit into {} channels", c.head_dim, channels));
  return c;
}

Config UNet3DConditionModel::ParseConfig(const JsonReader& json) {
  CheckClassName<UNet3DConditionModel>(json);
  Only(json, "act_fn", {"silu", "swish"});
  Only(json, "time_cond_proj_dim", {});
  if (json.Has("num_attention_heads"))
    FailUnsupportedValue(json, "num_attention_heads",
                         "null: diffusers refuses it, too; attention_head_dim says the heads' channels");
  Config c = ParseCommon(json);
  c.downsample_padding = json.IntOr("downsample_padding", c.downsample_padding, 0, 1);
  c.mid_block_scale_factor = json.DoubleOr("mid_block_scale_factor", c.mid_block_scale_factor, 1e-6, 1e6);
  c.norm_eps = json.DoubleOr("norm_eps", c.norm_eps, 0, 1);
  IgnoreTheRest(json, {});
  return c;
}

UNet3DConditionModel::UNet3DConditionModel(const Config& config, const Weights& w, int64_t conv_in_channels)
    : UNet(config), config_(config) {
  cross_attention_dim_ = config.cross_attention_dim;
  const int64_t first = config.block_out_channels[0];
  conv_in_.emplace(w.Sub("conv_in"), Conv2dOptions{conv_in_channels, first});
  transformer_in_.emplace(w.Sub("transformer_in"), first, kHeadsIn, config.head_dim, config.norm_num_groups);
  BuildTime(w);
  BuildDown(w, [&](size_t level) { return LayerOptions(config.down_attention[level]); });
  BlockOptions mid = LayerOptions(true);
  mid.resnet.output_scale = config.mid_block_scale_factor;
  mid_block_.emplace(w.Sub("mid_block"), config.block_out_channels.back(), mid, 1, &*time_);
  BuildUp(w, [&](size_t block, size_t) { return LayerOptions(config.up_attention[block]); });
  FinishConstruction(w);
}

BlockOptions UNet3DConditionModel::LayerOptions(bool cross_attention) const {
  BlockOptions options;
  options.resnet = Resnets();
  options.attention = cross_attention ? BlockAttention::kCross : BlockAttention::kNone;
  options.transformer = {.cross_attention_dim = config_.cross_attention_dim,
                         .use_linear_projection = true,
                         .norm_groups = config_.norm_num_groups};
  options.transformer_layers.assign(config_.layers_per_block[0] + 1, 1);
  options.video_head_dim = config_.head_dim;
  return options;
}

}  // namespace skipbench
