// Upsample2D and Downsample2D: the factor-two steps between levels.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "harness/nn/layers/conv2d.h"

namespace skipbench {

// 3x3 convolution with stride 2. `padding` 1 pads all sides; 0 only on the right and below
// (the original DDPM code's asymmetric padding).
class Downsample2D {
 public:
  Downsample2D(const Weights& w, int64_t channels, int64_t padding);
  at::Tensor Forward(const at::Tensor& x) const;  // [B, C, H, W] -> [B, C, H', W']

 private:
  Conv2d conv_;
};

// Nearest-neighbour interpolation, then a 3x3 convolution.
class Upsample2D {
 public:
  Upsample2D(const Weights& w, int64_t channels);
  at::Tensor Forward(const at::Tensor& x) const;                                   // to twice the size
  at::Tensor ForwardTo(const at::Tensor& x, int64_t height, int64_t width) const;  // to that size

 private:
  Conv2d conv_;
};

}  // namespace skipbench
