// Two linear layers with an activation in between: the feed-forward of diffusion transformers, their projections of
// text and of timesteps.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "harness/nn/layers/linear.h"

namespace skipbench {

// GELU in its tanh form, 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))): x [..., N, dim], contiguous, into `out`, of
// the same shape and a last stride of 1, which may be x.
void GeluTanh(const at::Tensor& x, at::Tensor out);

class Mlp {
 public:
  enum class Activation { kSilu, kGeluTanh };
  struct Names {
    std::string first = "linear_1", second = "linear_2";
  };
  Mlp(const Weights& w, const Names& names, int64_t in_features, int64_t inner, int64_t out_features,
      Activation activation);
  // diffusers' FeedForward with "gelu-approximate": net.0.proj and net.2.
  static Mlp FeedForward(const Weights& w, int64_t dim, int64_t inner);
  // diffusers' PixArtAlphaTextProjection: linear_1 and linear_2, as wide inside as outside.
  static Mlp TextProjection(const Weights& w, int64_t in_features, int64_t dim, Activation activation);

  at::Tensor Forward(const at::Tensor& x) const;  // [..., in] -> [..., out]

 private:
  Activation activation_;
  Linear first_, second_;
};

}  // namespace skipbench
