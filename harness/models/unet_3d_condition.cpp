#include "harness/models/unet_3d_condition.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

namespace {
using Config = UNet3DConditionModel::Config;
constexpr int64_t kHeadsIn = 8;  // of transformer_in, whatever the channels
}  // namespace

Config UNet3DConditionModel::ParseCommon(const JsonReader& json) {
  Config c;
  c.sample_size = SampleSize(json);
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = json.IntOr("out_channels", c.out_channels, 1, kMaxChannels);
  c.block_out_channels = IntList(json, "block_out_channels", c.block_out_channels, 1, kMaxChannels);
  const size_t levels = c.block_out_channels.size();
  c.down_cross_attention = BlockTypes(
      json, "down_block_types", {"CrossAttnDownBlock3D", "CrossAttnDownBlock3D", "CrossAttnDownBlock3D", "DownBlock3D"},
      "DownBlock3D", "CrossAttnDownBlock3D", levels);
  c.up_cross_attention = BlockTypes(json, "up_block_types",
                                    {"UpBlock3D", "CrossAttnUpBlock3D", "CrossAttnUpBlock3D", "CrossAttnUpBlock3D"},
                                    "UpBlock3D", "CrossAttnUpBlock3D", levels);
  c.layers_per_block = json.IntOr("layers_per_block", c.layers_per_block, 1, kMaxLayers);
  const Json* groups = json.Find("norm_num_groups");
  if (groups && groups->is_null()) FailUnsupportedValue(json, "norm_num_groups", "a number");
  c.norm_num_groups = json.IntOr("norm_num_groups", c.norm_num_groups, 1, kMaxChannels);
  c.cross_attention_dim = json.IntOr("cross_attention_dim", c.cross_attention_dim, 1, kMaxChannels);
  const Json* head_dim = json.Find("attention_head_dim");
  if (head_dim && head_dim->is_array())
    FailUnsupportedValue(json, "attention_head_dim", "one number: transformer_in takes no list");
  c.head_dim = json.IntOr("attention_head_dim", c.head_dim, 1, kMaxChannels);
  for (int64_t channels : c.block_out_channels) {
    if (channels % c.norm_num_groups != 0)
      json.FailAt("block_out_channels", fmt::format("{} channels cannot be split into norm_num_groups {} groups",
                                                    channels, c.norm_num_groups));
    if (channels < c.head_dim)
      json.FailAt("attention_head_dim",
                  fmt::format("heads of {} channels do not fit into {} channels", c.head_dim, channels));
  }
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
    : config_(config) {
  cross_attention_dim_ = config.cross_attention_dim;
  const int64_t first = config.block_out_channels[0], last = config.block_out_channels.back();
  conv_in_.emplace(w.Sub("conv_in"), Conv2dOptions{conv_in_channels, first});
  transformer_in_.emplace(w.Sub("transformer_in"), first, kHeadsIn, config.head_dim, config.norm_num_groups);
  time_proj_ = {.dim = first, .flip_sin_to_cos = true, .freq_shift = 0};
  time_embedding_.emplace(w.Sub("time_embedding"), first, 4 * first);
  time_.emplace(4 * first);
  const Levels levels = {config.block_out_channels,
                         std::vector<int64_t>(config.block_out_channels.size(), config.layers_per_block),
                         config.downsample_padding};
  BuildDown(w, levels, [&](size_t level) { return LayerOptions(config.down_cross_attention[level]); });
  BlockOptions mid = LayerOptions(true);
  mid.resnet.output_scale = config.mid_block_scale_factor;
  mid_block_.emplace(w.Sub("mid_block"), last, mid, 1, &*time_);
  BuildUp(w, levels, [&](size_t block, size_t) { return LayerOptions(config.up_cross_attention[block]); });
  conv_norm_out_.emplace(w.Sub("conv_norm_out"), config.norm_num_groups, first, config.norm_eps);
  conv_out_.emplace(w.Sub("conv_out"), Conv2dOptions{first, config.out_channels});
  FinishConstruction(w, config.in_channels, config.sample_size);
}

BlockOptions UNet3DConditionModel::LayerOptions(bool cross_attention) const {
  BlockOptions options;
  options.resnet = {.groups = config_.norm_num_groups, .eps = config_.norm_eps};
  options.attention = cross_attention ? BlockAttention::kCross : BlockAttention::kNone;
  options.transformer = {.cross_attention_dim = config_.cross_attention_dim,
                         .use_linear_projection = true,
                         .norm_groups = config_.norm_num_groups};
  options.transformer_layers.assign(config_.layers_per_block + 1, 1);
  options.video_head_dim = config_.head_dim;
  return options;
}

at::Tensor UNet3DConditionModel::EmbedTime(const NetworkInputs& inputs) const {
  const at::Tensor t = time_proj_.Forward(TimestepRows(inputs)).to(dtype());
  Observe(inputs, "time_proj", t);
  const at::Tensor emb = time_embedding_->Forward(t);
  Observe(inputs, "time_embedding", emb);
  return emb;
}

}  // namespace skipbench
