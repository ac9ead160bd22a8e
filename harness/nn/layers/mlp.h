// Two linear layers with an activation in between: the feed-forward of diffusion transformers, their projections of
// text and of timesteps.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "harness/nn/layers/linear.h"

namespace skipbench {

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
