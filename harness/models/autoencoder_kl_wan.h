// AutoencoderKLWan: the autoencoder of Wan 2.1, whose convolutions over time look back only (Wan Team 2025). The
// decoder.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "harness/base/json.h"
#include "harness/nn/layers/causal_conv3d.h"
#include "harness/nn/layers/conv2d.h"
#include "harness/nn/layers/linear.h"

namespace skipbench {

// What the convolutions remember of the frames of one clip.
using WanPast = std::map<const CausalConv3d*, CausalConv3d::Past>;

// x + conv2(silu(norm2(conv1(silu(norm1(x)))))), with a convolution over one place as shortcut where widths differ.
class WanResidualBlock {
 public:
  WanResidualBlock(const Weights& w, int64_t in_channels, int64_t out_channels);
  at::Tensor Forward(const at::Tensor& x, WanPast* past) const;  // a frame [B, C, H, W]

 private:
  ChannelNorm norm1_;
  CausalConv3d conv1_;
  ChannelNorm norm2_;
  CausalConv3d conv2_;
  std::optional<CausalConv3d> shortcut_;
};

// Self-attention over the places of a frame, one head.
class WanAttentionBlock {
 public:
  WanAttentionBlock(const Weights& w, int64_t channels);
  at::Tensor Forward(const at::Tensor& x) const;  // a frame [B, C, H, W] -> the same

 private:
  std::string name_;
  ChannelNorm norm_;
  Conv2d to_qkv_, proj_;
};

// Residual blocks; twice the height and width (and half the channels) behind all levels but the last, and, where
// `time_conv` is there, two frames of every one but a clip's first.
class WanUpBlock {
 public:
  struct Options {
    int64_t in_channels = 0, out_channels = 0, layers = 1;
    bool upsample = false, upsample_time = false;
  };
  WanUpBlock(const Weights& w, const Options& options);
  // One frame -> one or two.
  std::vector<at::Tensor> Forward(const at::Tensor& x, bool first, WanPast* past) const;

 private:
  std::vector<WanResidualBlock> resnets_;
  std::optional<CausalConv3d> time_conv_;
  std::optional<Conv2d> resample_;
};

class AutoencoderKLWan {
 public:
  // diffusers' config.json; defaults are diffusers' (those of Wan 2.1).
  struct Config {
    int64_t decoder_base_dim = 96;  // default: base_dim
    int64_t z_dim = 16;
    std::vector<int64_t> dim_mult = {1, 2, 4, 4};
    int64_t num_res_blocks = 2;
    std::vector<bool> temperal_downsample = {false, true,
                                             true};  // diffusers' spelling; one for each level but the last
    int64_t out_channels = 3;
    std::vector<double> latents_mean, latents_std;  // z_dim each: latent of the autoencoder = std * denoiser's + mean

    int64_t SpatialFactor() const { return int64_t{1} << (dim_mult.size() - 1); }
    int64_t TemporalFactor() const;
    // Latent frames of a clip; throws Error unless it has 1 + TemporalFactor() k frames.
    int64_t LatentFrames(int64_t frames) const;
    int64_t Frames(int64_t latent_frames) const { return 1 + TemporalFactor() * (latent_frames - 1); }
  };
  static constexpr const char* kClassNames[] = {"AutoencoderKLWan"};
  static constexpr const char* kIgnored = "encoder.*";  // text to video only decodes
  static Config ParseConfig(const JsonReader& json);    // throws Error or UnsupportedError, naming file, key and value

  AutoencoderKLWan(const Config& config, const Weights& w);

  // Latents of the denoiser [B, z_dim, f, h, w] -> those that Decode() takes.
  at::Tensor FromDenoiser(const at::Tensor& latents) const;
  // z [B, z_dim, f, h, w] -> clips [B, out, Frames(f), H, W] in [-1, 1].
  at::Tensor Decode(const at::Tensor& z) const;
  // Frame after frame, [B, out, H, W] as the network gives them, not clamped: memory does not grow with the clip.
  void DecodeFrames(const at::Tensor& z,
                    const std::function<void(int64_t frame, const at::Tensor& pictures)>& take) const;

  const Config& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }

 private:
  Config config_;
  at::ScalarType dtype_;
  CausalConv3d post_quant_conv_, conv_in_;
  WanResidualBlock mid_resnet_0_;
  WanAttentionBlock mid_attention_;
  WanResidualBlock mid_resnet_1_;
  std::vector<WanUpBlock> up_blocks_;
  std::optional<ChannelNorm> norm_out_;
  std::optional<CausalConv3d> conv_out_;
};

}  // namespace skipbench
