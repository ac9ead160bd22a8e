// Normalisation layers. Mean and variance are accumulated in float32 (or wider) whatever the activations' dtype.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "harness/nn/weights.h"

namespace skipbench {

class GroupNorm {
 public:
  // Error if `channels` is not a multiple of `groups`.
  GroupNorm(const Weights& w, int64_t groups, int64_t channels, double eps);

  at::Tensor Forward(const at::Tensor& x) const;         // [B, C, H, W] -> the same
  at::Tensor ForwardSilu(const at::Tensor& x) const;     // silu(Forward(x))
  // silu(Forward(x + shift)): `shift` [1 or B, C] is added to every place first.
  at::Tensor ForwardSiluShifted(const at::Tensor& x, const at::Tensor& shift) const;

 private:
  std::string name_;
  int64_t groups_;
  double eps_;
  at::Tensor weight_, bias_;   // [C]
};

class LayerNorm {
 public:
  LayerNorm(const Weights& w, int64_t features, double eps = 1e-5);
  at::Tensor Forward(const at::Tensor& x) const;         // [..., features], over the last dimension

 private:
  std::string name_;
  int64_t features_;
  double eps_;
  at::Tensor weight_, bias_;
};

}  // namespace skipbench
