// Normalisation layers. Mean and variance are accumulated in float32 (or wider) whatever the activations' dtype.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/nn/cpu/packed.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

// "weight" and "bias" [features].
struct NormWeights {
  NormWeights(const Weights& w, int64_t features);
  at::Tensor weight, bias;
  at::Tensor wide_weight, wide_bias;  // float32
};

class GroupNorm {
 public:
  // Error if `channels` is not a multiple of `groups`.
  GroupNorm(const Weights& w, int64_t groups, int64_t channels, double eps);

  at::Tensor Forward(const at::Tensor& x) const { return Run(x, false); }  // [B, C, H, W] -> the same
  // silu(Forward(x)), ready for a 3x3 convolution; x are the maps in `parts` one after the other along the channels.
  // `shift` [1 or B, C], if defined, is added to x first.
  ConvInput ForwardSilu(const std::vector<at::Tensor>& parts, const at::Tensor& shift = {}) const;
  at::Tensor ForwardSiluMap(const at::Tensor& x) const { return Run(x, true); }  // silu(Forward(x)), without margins

 private:
  at::Tensor Run(const at::Tensor& x, bool silu) const;
  // Into `out` [B, H, line places, C], places from `margin` on.
  void RunPacked(const std::vector<at::Tensor>& parts, const at::Tensor& shift, bool silu, const at::Tensor& out,
                 int64_t margin) const;

  std::string name_;
  int64_t groups_;
  double eps_;
  NormWeights w_;
};

class LayerNorm {
 public:
  LayerNorm(const Weights& w, int64_t features, double eps = 1e-5);
  at::Tensor Forward(const at::Tensor& x) const;  // [..., features], over the last dimension

 private:
  at::Tensor RunPacked(const at::Tensor& x) const;

  std::string name_;
  int64_t features_;
  double eps_;
  NormWeights w_;
};

}  // namespace skipbench
