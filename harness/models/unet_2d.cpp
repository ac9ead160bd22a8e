#include "harness/models/unet_2d.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

using Config = UNet2DModel::Config;

namespace {

constexpr const char* kClassLabels = "class_labels";

void RefuseUnsupported(const JsonReader& json) {
  Only(json, "act_fn", {"silu", "swish"});
  Only(json, "time_embedding_type", {"positional"});
  Only(json, "mid_block_type", {"UNetMidBlock2D"});
  Only(json, "downsample_type", {"conv"});
  Only(json, "upsample_type", {"conv"});
  Only(json, "resnet_time_scale_shift", {"default", "scale_shift"});
  const Json* groups = json.Find("norm_num_groups");
  if (groups && groups->is_null()) FailUnsupportedValue(json, "norm_num_groups", "a number");
}

}  // namespace

Config UNet2DModel::ParseConfig(const JsonReader& json) {
  CheckClassName<UNet2DModel>(json);
  RefuseUnsupported(json);
  Config c;
  c.sample_size = SampleSize(json);
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = json.IntOr("out_channels", c.out_channels, 1, kMaxChannels);
  c.center_input_sample = json.BoolOr("center_input_sample", false);
  c.flip_sin_to_cos = json.BoolOr("flip_sin_to_cos", true);
  c.freq_shift = json.DoubleOr("freq_shift", 0);
  c.time_embedding_dim = json.IntOr("time_embedding_dim", 0, 1, kMaxChannels);
  c.block_out_channels = IntList(json, "block_out_channels", c.block_out_channels, 1, kMaxChannels);
  const size_t levels = c.block_out_channels.size();
  c.down_attention =
      BlockTypes(json, "down_block_types", {"DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"},
                 "DownBlock2D", "AttnDownBlock2D", levels);
  c.up_attention = BlockTypes(json, "up_block_types", {"AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"},
                              "UpBlock2D", "AttnUpBlock2D", levels);
  const Json* mid = json.Find("mid_block_type");
  c.has_mid_block = !mid || !mid->is_null();
  c.layers_per_block = json.IntOr("layers_per_block", 2, 1, kMaxLayers);
  c.mid_block_scale_factor = json.DoubleOr("mid_block_scale_factor", 1, 1e-6, 1e6);
  c.downsample_padding = json.IntOr("downsample_padding", 1, 0, 1);
  c.attention_head_dim = IntOrNull(json, "attention_head_dim", 8, 1, kMaxChannels);
  c.norm_num_groups = json.IntOr("norm_num_groups", 32, 1, kMaxChannels);
  c.attn_norm_num_groups = json.IntOr("attn_norm_num_groups", 0, 1, kMaxChannels);
  c.norm_eps = json.DoubleOr("norm_eps", 1e-5, 0, 1);
  c.time_scale_shift = json.StringOr("resnet_time_scale_shift", "default") == "scale_shift";
  c.add_attention = json.BoolOr("add_attention", true);
  c.num_class_embeds = json.IntOr("num_class_embeds", 0, 1, int64_t{1} << 24);
  if (json.Has("class_embed_type"))
    c.class_embedding = json.OneOf("class_embed_type", "", {"timestep", "identity"}) == "timestep"
                            ? Config::ClassEmbedding::kTimestep
                            : Config::ClassEmbedding::kIdentity;
  else if (c.num_class_embeds > 0)
    c.class_embedding = Config::ClassEmbedding::kTable;
  for (int64_t channels : c.block_out_channels) {
    if (channels % c.norm_num_groups != 0)
      json.FailAt("block_out_channels", fmt::format("{} channels cannot be split into norm_num_groups {} groups",
                                                    channels, c.norm_num_groups));
  }
  IgnoreTheRest(json, {"dropout", "num_train_timesteps"});
  return c;
}

UNet2DModel::UNet2DModel(const Config& config, const Weights& w) : config_(config) {
  center_input_sample_ = config.center_input_sample;
  const int64_t first = config.block_out_channels[0];
  const int64_t dim = time_embedding_dim();
  conv_in_.emplace(w.Sub("conv_in"), Conv2dOptions{config.in_channels, first});
  time_proj_ = {first, config.flip_sin_to_cos, config.freq_shift};
  time_embedding_.emplace(w.Sub("time_embedding"), first, dim);
  if (config.class_embedding == Config::ClassEmbedding::kTable)
    class_table_.emplace(w.Sub("class_embedding"), config.num_class_embeds, dim);
  if (config.class_embedding == Config::ClassEmbedding::kTimestep)
    class_timestep_embedding_.emplace(w.Sub("class_embedding"), first, dim);
  time_.emplace(dim);
  const Levels levels = {config.block_out_channels,
                         std::vector<int64_t>(config.block_out_channels.size(), config.layers_per_block),
                         config.downsample_padding};
  BuildDown(w, levels,
            [&](size_t level) { return LayerOptions(config.block_out_channels[level], config.down_attention[level]); });
  BuildMid(w);
  BuildUp(w, levels, [&](size_t block, size_t level) {
    return LayerOptions(config.block_out_channels[level], config.up_attention[block]);
  });
  conv_norm_out_.emplace(w.Sub("conv_norm_out"), config.norm_num_groups, first, config.norm_eps);
  conv_out_.emplace(w.Sub("conv_out"), Conv2dOptions{first, config.out_channels});
  FinishConstruction(w, config.in_channels, config.sample_size);
}

BlockOptions UNet2DModel::LayerOptions(int64_t channels, bool attention) const {
  BlockOptions options;
  options.resnet = {
      .groups = config_.norm_num_groups, .eps = config_.norm_eps, .scale_shift = config_.time_scale_shift};
  options.attention = attention ? BlockAttention::kSelf : BlockAttention::kNone;
  options.dim_head = config_.attention_head_dim.value_or(channels);
  options.attention_groups = config_.norm_num_groups;
  return options;
}

void UNet2DModel::BuildMid(const Weights& w) {
  if (!config_.has_mid_block) return;
  const int64_t channels = config_.block_out_channels.back();
  BlockOptions options = LayerOptions(channels, config_.add_attention);
  options.resnet.output_scale = config_.mid_block_scale_factor;
  // Without a number of its own this attention has a norm only where the time embedding is not a scale and shift.
  options.attention_groups = config_.attn_norm_num_groups > 0 ? config_.attn_norm_num_groups
                             : config_.time_scale_shift       ? 0
                                                              : config_.norm_num_groups;
  mid_block_.emplace(w.Sub("mid_block"), channels, options, 1, &*time_);
}

void UNet2DModel::CheckSize(int64_t height, int64_t width) const {
  const int64_t unit = int64_t{1} << (config_.block_out_channels.size() - 1);
  if (height % unit != 0 || width % unit != 0)
    Fail("a sample of {}x{}: this network takes multiples of {}", height, width, unit);
}

std::map<std::string, ConditioningInput> UNet2DModel::conditioning(at::IntArrayRef) const {
  switch (config_.class_embedding) {
    case Config::ClassEmbedding::kNone: return {};
    case Config::ClassEmbedding::kTable: return {{kClassLabels, {.row = {}, .classes = config_.num_class_embeds}}};
    case Config::ClassEmbedding::kTimestep: return {{kClassLabels, {}}};
    case Config::ClassEmbedding::kIdentity: return {{kClassLabels, {.row = {time_embedding_dim()}}}};
  }
  return {};
}

at::Tensor UNet2DModel::EmbedTime(const NetworkInputs& inputs) const {
  const at::Tensor t = time_proj_.Forward(TimestepRows(inputs)).to(dtype());
  Observe(inputs, "time_proj", t);
  at::Tensor emb = time_embedding_->Forward(t);
  Observe(inputs, "time_embedding", emb);
  if (config_.class_embedding == Config::ClassEmbedding::kNone) return emb;
  const at::Tensor& labels = Require(inputs, kClassLabels, conditioning({}).at(kClassLabels).row);
  if (class_table_) return emb + class_table_->Forward(labels);
  if (class_timestep_embedding_)
    return emb + class_timestep_embedding_->Forward(time_proj_.Forward(labels).to(dtype()));
  return emb + labels.to(dtype());
}

}  // namespace skipbench
