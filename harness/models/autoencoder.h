// Encoder and Decoder: the convolutional halves that AutoencoderKL and VQModel share.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/base/json.h"
#include "harness/models/unet_blocks.h"
#include "harness/nn/layers/conv2d.h"
#include "harness/nn/layers/norm.h"

namespace skipbench {

// What the configs of both autoencoders have in common; defaults are diffusers'. All norms have eps 1e-6.
struct AutoencoderConfig {
  int64_t in_channels = 3;
  int64_t out_channels = 3;
  std::vector<int64_t> block_out_channels = {64};
  int64_t layers_per_block = 1;
  int64_t latent_channels = 4;
  int64_t norm_num_groups = 32;
  int64_t sample_size = 32;  // of the pictures the network was trained on
  bool mid_block_add_attention = true;

  // Pixels of the picture for each pixel of the latent, along a side.
  int64_t SpatialFactor() const { return int64_t{1} << (block_out_channels.size() - 1); }
};
// Reads the common keys; errors name file, key and value.
AutoencoderConfig ParseAutoencoderConfig(const JsonReader& json, int64_t latent_channels);

// Picture [B, in, H, W] -> [B, z_channels, H / factor, W / factor].
class Encoder {
 public:
  Encoder(const Weights& w, const AutoencoderConfig& config, int64_t z_channels);
  at::Tensor Forward(const at::Tensor& x) const;

 private:
  Conv2d conv_in_;
  GroupNorm conv_norm_out_;
  Conv2d conv_out_;
  std::vector<DownBlock> down_blocks_;
  MidBlock mid_block_;
};

// Latent [B, latent, h, w] -> picture [B, out, factor * h, factor * w].
class Decoder {
 public:
  Decoder(const Weights& w, const AutoencoderConfig& config);
  at::Tensor Forward(const at::Tensor& z) const;

 private:
  Conv2d conv_in_;
  GroupNorm conv_norm_out_;
  Conv2d conv_out_;
  MidBlock mid_block_;
  std::vector<UpBlock> up_blocks_;
};

}  // namespace skipbench
