#include "harness/models/autoencoder.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

namespace {

constexpr double kEps = 1e-6;

void CheckMap(const at::Tensor& x, const char* what, int64_t channels) {
  if (x.dim() != 4 || x.size(1) != channels || x.numel() == 0)
    Fail("the autoencoder takes {} [B, {}, H, W], got [{}]", what, channels, fmt::join(x.sizes(), ", "));
}

// Of the levels, or of the mid block.
BlockOptions LayerOptions(const AutoencoderConfig& config, bool attention) {
  BlockOptions options;
  options.resnet = {.groups = config.norm_num_groups, .eps = kEps};
  options.attention = attention ? BlockAttention::kSelf : BlockAttention::kNone;
  options.dim_head = config.block_out_channels.back();
  options.attention_groups = config.norm_num_groups;
  return options;
}

MidBlock MakeMidBlock(const Weights& w, const AutoencoderConfig& config) {
  return MidBlock(w.Sub("mid_block"), config.block_out_channels.back(),
                  LayerOptions(config, config.mid_block_add_attention), 1, nullptr);
}

std::vector<int64_t> Layers(const AutoencoderConfig& config) {
  return std::vector<int64_t>(config.block_out_channels.size(), config.layers_per_block);
}

void OnlyType(const JsonReader& json, const std::string& key, const std::string& type, size_t levels) {
  BlockTypes(json, key, std::vector<std::string>(levels, type), type, type, levels);
}

}  // namespace

AutoencoderConfig ParseAutoencoderConfig(const JsonReader& json, int64_t latent_channels) {
  Only(json, "act_fn", {"silu", "swish"});
  AutoencoderConfig c;
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = json.IntOr("out_channels", c.out_channels, 1, kMaxChannels);
  c.block_out_channels = IntList(json, "block_out_channels", c.block_out_channels, 1, kMaxChannels);
  c.layers_per_block = json.IntOr("layers_per_block", 1, 1, kMaxLayers);
  c.latent_channels = json.IntOr("latent_channels", latent_channels, 1, kMaxChannels);
  c.norm_num_groups = json.IntOr("norm_num_groups", 32, 1, kMaxChannels);
  const int64_t sample_size = SampleSize(json);
  if (sample_size > 0) c.sample_size = sample_size;
  c.mid_block_add_attention = json.BoolOr("mid_block_add_attention", true);
  OnlyType(json, "down_block_types", "DownEncoderBlock2D", c.block_out_channels.size());
  OnlyType(json, "up_block_types", "UpDecoderBlock2D", c.block_out_channels.size());
  CheckGroups(json, c.block_out_channels, c.norm_num_groups);
  return c;
}

Encoder::Encoder(const Weights& w, const AutoencoderConfig& config, int64_t z_channels)
    : conv_in_(w.Sub("conv_in"), {config.in_channels, config.block_out_channels[0]}),
      conv_norm_out_(w.Sub("conv_norm_out"), config.norm_num_groups, config.block_out_channels.back(), kEps),
      conv_out_(w.Sub("conv_out"), {config.block_out_channels.back(), z_channels}),
      down_blocks_(MakeDownBlocks(
          w, config.block_out_channels, Layers(config), 0, [&](size_t) { return LayerOptions(config, false); },
          nullptr)),
      mid_block_(MakeMidBlock(w, config)) {}

at::Tensor Encoder::Forward(const at::Tensor& x) const {
  CheckMap(x, "pictures", conv_in_.options().in_channels);
  const int64_t unit = int64_t{1} << (down_blocks_.size() - 1);
  if (x.size(2) < unit || x.size(3) < unit)
    Fail("a picture of {}x{} is too small: the encoder divides it by {}", x.size(2), x.size(3), unit);
  at::Tensor h = conv_in_.Forward(x.contiguous(at::MemoryFormat::ChannelsLast));
  for (const DownBlock& block : down_blocks_) {
    for (const UNetLayer& layer : block.layers) h = layer.Forward(h, {});
    if (block.downsampler) h = block.downsampler->Forward(h);
  }
  return conv_out_.Forward(conv_norm_out_.ForwardSilu({mid_block_.Forward(h, {})}));
}

Decoder::Decoder(const Weights& w, const AutoencoderConfig& config)
    : conv_in_(w.Sub("conv_in"), {config.latent_channels, config.block_out_channels.back()}),
      conv_norm_out_(w.Sub("conv_norm_out"), config.norm_num_groups, config.block_out_channels[0], kEps),
      conv_out_(w.Sub("conv_out"), {config.block_out_channels[0], config.out_channels}),
      mid_block_(MakeMidBlock(w, config)),
      up_blocks_(MakeUpBlocks(
          w, config.block_out_channels, Layers(config), false,
          [&](size_t, size_t) { return LayerOptions(config, false); }, nullptr)) {}

at::Tensor Decoder::Forward(const at::Tensor& z) const {
  CheckMap(z, "latents", conv_in_.options().in_channels);
  at::Tensor h = mid_block_.Forward(conv_in_.Forward(z.contiguous(at::MemoryFormat::ChannelsLast)), {});
  for (const UpBlock& block : up_blocks_) {
    for (const UNetLayer& layer : block.layers) h = layer.Forward(h, {});
    if (block.upsampler) h = block.upsampler->Forward(ConvInput::Upsampled(h, 2 * h.size(2), 2 * h.size(3)));
  }
  return conv_out_.Forward(conv_norm_out_.ForwardSilu({h}));
}

}  // namespace skipbench
