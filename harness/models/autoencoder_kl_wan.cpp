#include "harness/models/autoencoder_kl_wan.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/models/config.h"
#include "harness/nn/layers/attention.h"
#include "harness/nn/layers/macs.h"
#include "harness/nn/layers/stream_attention.h"

namespace skipbench {

namespace {

using Config = AutoencoderKLWan::Config;

Conv2dOptions Pointwise(int64_t in, int64_t out) {
  return {.in_channels = in, .out_channels = out, .kernel = 1, .stride = 1, .padding = 0};
}

// Wan 2.1's.
const std::vector<double>& DefaultMean() {
  static const std::vector<double> mean = {-0.7571, -0.7089, -0.9113, 0.1075,  -0.1745, 0.9653,  -0.1517, 1.5508,
                                           0.4134,  -0.0715, 0.5517,  -0.3632, -0.1922, -0.9497, 0.2503,  -0.2921};
  return mean;
}
const std::vector<double>& DefaultStd() {
  static const std::vector<double> std = {2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
                                          3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160};
  return std;
}

std::vector<double> Channels(const JsonReader& json, const std::string& key, const std::vector<double>& fallback,
                             int64_t channels) {
  const std::vector<double> values = json.Has(key) ? json.Doubles(key) : fallback;
  if (static_cast<int64_t>(values.size()) != channels)
    json.FailAt(key,
                fmt::format("expected one value for each of z_dim {} channels, found {}", channels, values.size()));
  return values;
}

}  // namespace

WanResidualBlock::WanResidualBlock(const Weights& w, int64_t in_channels, int64_t out_channels)
    : norm1_(w.Sub("norm1"), in_channels, 3),
      conv1_(w.Sub("conv1"), {in_channels, out_channels}),
      norm2_(w.Sub("norm2"), out_channels, 3),
      conv2_(w.Sub("conv2"), {out_channels, out_channels}) {
  if (in_channels != out_channels)
    shortcut_.emplace(w.Sub("conv_shortcut"), CausalConv3dOptions{in_channels, out_channels, 1, 1});
}

at::Tensor WanResidualBlock::Forward(const at::Tensor& x, WanPast* past) const {
  const at::Tensor h = conv1_.Forward(norm1_.ForwardSilu(x), &(*past)[&conv1_]);
  return conv2_.Forward(norm2_.ForwardSilu(h), &(*past)[&conv2_],
                        shortcut_ ? shortcut_->Forward(ConvInput(x), nullptr) : x);
}

WanAttentionBlock::WanAttentionBlock(const Weights& w, int64_t channels)
    : name_(ModuleName(w)),
      norm_(w.Sub("norm"), channels, 2),
      to_qkv_(w.Sub("to_qkv"), Pointwise(channels, 3 * channels)),
      proj_(w.Sub("proj"), Pointwise(channels, channels)) {}

at::Tensor WanAttentionBlock::Forward(const at::Tensor& x) const {
  const auto parts = ToTokens(to_qkv_.Forward(norm_.Forward(x))).chunk(3, -1);
  const at::Tensor attended = at::empty({x.size(0), x.size(2) * x.size(3), x.size(1)}, x.options());
  AttendInto(name_, parts[0], parts[1], parts[2], 1, {}, attended);
  return proj_.ForwardAdd(ConvInput(ToMap(attended, x.size(2), x.size(3))), x);
}

WanUpBlock::WanUpBlock(const Weights& w, const Options& options) {
  int64_t channels = options.in_channels;
  for (int64_t i = 0; i <= options.layers; ++i) {
    resnets_.emplace_back(w.Sub("resnets", i), channels, options.out_channels);
    channels = options.out_channels;
  }
  if (!options.upsample) return;
  const Weights scope = w.Sub("upsamplers.0");
  resample_.emplace(scope.Sub("resample.1"), Conv2dOptions{.in_channels = channels, .out_channels = channels / 2});
  if (options.upsample_time)
    time_conv_.emplace(scope.Sub("time_conv"), CausalConv3dOptions{channels, 2 * channels, 3, 1});
}

std::vector<at::Tensor> WanUpBlock::Forward(const at::Tensor& x, bool first, WanPast* past) const {
  at::Tensor h = x;
  for (const WanResidualBlock& block : resnets_) h = block.Forward(h, past);
  if (!resample_) return {h};
  std::vector<at::Tensor> frames = {h};
  // A clip's first frame stays one, and the next does not look back at it.
  if (time_conv_ && !first) frames = time_conv_->Forward(ConvInput(h), &(*past)[&*time_conv_]).chunk(2, 1);
  for (at::Tensor& frame : frames)
    frame = resample_->Forward(ConvInput::Upsampled(frame, 2 * frame.size(2), 2 * frame.size(3)));
  return frames;
}

int64_t Config::TemporalFactor() const {
  return int64_t{1} << std::count(temperal_downsample.begin(), temperal_downsample.end(), true);
}

int64_t Config::LatentFrames(int64_t frames) const {
  const int64_t factor = TemporalFactor();
  if (frames < 1 || (frames - 1) % factor != 0)
    Fail("{} frames: this autoencoder makes clips of 1 + {} k frames ({}, {}, {}, ...)", frames, factor, 1, 1 + factor,
         1 + 2 * factor);
  return 1 + (frames - 1) / factor;
}

Config AutoencoderKLWan::ParseConfig(const JsonReader& json) {
  CheckClassName<AutoencoderKLWan>(json);
  Only(json, "attn_scales", {Json::array()});
  Only(json, "is_residual", {false});  // true: Wan 2.2's
  Only(json, "patch_size", {});
  Config c;
  const int64_t base_dim = json.IntOr("base_dim", c.decoder_base_dim, 1, kMaxChannels);
  c.decoder_base_dim = json.IntOr("decoder_base_dim", base_dim, 1, kMaxChannels);
  c.z_dim = json.IntOr("z_dim", c.z_dim, 1, kMaxChannels);
  c.dim_mult = IntList(json, "dim_mult", c.dim_mult, 1, kMaxChannels);
  c.num_res_blocks = json.IntOr("num_res_blocks", c.num_res_blocks, 1, kMaxLayers);
  const int64_t steps = static_cast<int64_t>(c.dim_mult.size()) - 1;
  if (json.Has("temperal_downsample") || steps != 3)
    c.temperal_downsample = BoolPerLevel(json, "temperal_downsample", false, steps);
  json.IntOr("in_channels", 3, 1, kMaxChannels);
  c.out_channels = json.IntOr("out_channels", c.out_channels, 1, kMaxChannels);
  for (size_t level = 1; level < c.dim_mult.size(); ++level)
    if (c.decoder_base_dim * c.dim_mult[level] % 2 != 0)
      json.FailAt("dim_mult", fmt::format("{} channels of a level cannot be halved by its upsampler",
                                          c.decoder_base_dim * c.dim_mult[level]));
  c.latents_mean = Channels(json, "latents_mean", DefaultMean(), c.z_dim);
  c.latents_std = Channels(json, "latents_std", DefaultStd(), c.z_dim);
  for (const auto& [key, factor] :
       {std::pair{"scale_factor_spatial", c.SpatialFactor()}, {"scale_factor_temporal", c.TemporalFactor()}})
    if (json.Has(key) && json.Int(key) != factor)
      json.FailAt(key, fmt::format("expected {}, which its levels come to; found {}", factor, json.Int(key)));
  for (const char* key : {"scale_factor_spatial", "scale_factor_temporal"}) json.Ignore(key);
  IgnoreTheRest(json, {"dropout"});
  return c;
}

namespace {
int64_t TopChannels(const Config& config) { return config.decoder_base_dim * config.dim_mult.back(); }
}  // namespace

AutoencoderKLWan::AutoencoderKLWan(const Config& config, const Weights& w)
    : config_(config),
      dtype_(w.options().dtype),
      post_quant_conv_(w.Sub("post_quant_conv"), {config.z_dim, config.z_dim, 1, 1}),
      conv_in_(w.Sub("decoder.conv_in"), {config.z_dim, TopChannels(config)}),
      mid_resnet_0_(w.Sub("decoder.mid_block.resnets.0"), TopChannels(config), TopChannels(config)),
      mid_attention_(w.Sub("decoder.mid_block.attentions.0"), TopChannels(config)),
      mid_resnet_1_(w.Sub("decoder.mid_block.resnets.1"), TopChannels(config), TopChannels(config)) {
  // It belongs to the encoder.
  for (const auto& [name, shape] :
       {std::pair{"weight", std::vector<int64_t>{2 * config.z_dim, 2 * config.z_dim, 1, 1, 1}},
        {"bias", {2 * config.z_dim}}})
    w.Sub("quant_conv").Take(name, shape);
  const Weights decoder = w.Sub("decoder");
  int64_t channels = TopChannels(config);
  const size_t levels = config.dim_mult.size();
  for (size_t i = 0; i < levels; ++i) {
    const bool upsample = i + 1 < levels;
    const int64_t out = config.decoder_base_dim * config.dim_mult[levels - 1 - i];
    up_blocks_.emplace_back(
        decoder.Sub("up_blocks", static_cast<int64_t>(i)),
        WanUpBlock::Options{.in_channels = channels,
                            .out_channels = out,
                            .layers = config.num_res_blocks,
                            .upsample = upsample,
                            .upsample_time = upsample && config.temperal_downsample[levels - 2 - i]});
    channels = upsample ? out / 2 : out;
  }
  norm_out_.emplace(decoder.Sub("norm_out"), channels, 3);
  conv_out_.emplace(decoder.Sub("conv_out"), CausalConv3dOptions{channels, config.out_channels});
}

at::Tensor AutoencoderKLWan::FromDenoiser(const at::Tensor& latents) const {
  const auto channels = [&](const std::vector<double>& values) {
    return at::tensor(values, at::kFloat).to(latents.options()).view({1, -1, 1, 1, 1});
  };
  return latents * channels(config_.latents_std) + channels(config_.latents_mean);
}

void AutoencoderKLWan::DecodeFrames(const at::Tensor& z,
                                    const std::function<void(int64_t, const at::Tensor&)>& take) const {
  if (z.dim() != 5 || z.size(1) != config_.z_dim || z.numel() == 0)
    Fail("the autoencoder takes latents [B, {}, F, H, W], got [{}]", config_.z_dim, fmt::join(z.sizes(), ", "));
  WanPast past;
  int64_t made = 0;
  // Every frame goes all the way up before the next: each level holds one.
  const std::function<void(size_t, const at::Tensor&, bool)> rise = [&](size_t level, const at::Tensor& x, bool first) {
    if (level == up_blocks_.size())
      return take(made++, conv_out_->Forward(norm_out_->ForwardSilu(x), &past[&*conv_out_]));
    for (const at::Tensor& frame : up_blocks_[level].Forward(x, first, &past)) rise(level + 1, frame, first);
  };
  for (int64_t f = 0; f < z.size(2); ++f) {
    const at::Tensor frame = z.select(2, f).to(dtype_).contiguous(at::MemoryFormat::ChannelsLast);
    at::Tensor h = conv_in_.Forward(ConvInput(post_quant_conv_.Forward(ConvInput(frame), nullptr)), &past[&conv_in_]);
    h = mid_attention_.Forward(mid_resnet_0_.Forward(h, &past));
    rise(0, mid_resnet_1_.Forward(h, &past), f == 0);
  }
}

at::Tensor AutoencoderKLWan::Decode(const at::Tensor& z) const {
  at::Tensor clips;
  DecodeFrames(z, [&](int64_t frame, const at::Tensor& pictures) {
    if (!clips.defined())
      clips =
          at::empty({z.size(0), config_.out_channels, config_.Frames(z.size(2)), pictures.size(2), pictures.size(3)},
                    pictures.options());
    clips.select(2, frame).copy_(pictures.clamp(-1, 1));
  });
  return clips;
}

}  // namespace skipbench
