#include "harness/nn/layers/mlp.h"

#include <ATen/ATen.h>

namespace skipbench {

Mlp::Mlp(const Weights& w, const Names& names, int64_t in_features, int64_t inner, int64_t out_features,
         Activation activation)
    : activation_(activation),
      first_(w.Sub(names.first), in_features, inner),
      second_(w.Sub(names.second), inner, out_features) {}

Mlp Mlp::FeedForward(const Weights& w, int64_t dim, int64_t inner) {
  return Mlp(w, {"net.0.proj", "net.2"}, dim, inner, dim, Activation::kGeluTanh);
}

Mlp Mlp::TextProjection(const Weights& w, int64_t in_features, int64_t dim, Activation activation) {
  return Mlp(w, {}, in_features, dim, dim, activation);
}

at::Tensor Mlp::Forward(const at::Tensor& x) const {
  at::Tensor h = first_.Forward(x, {.gelu_tanh = activation_ == Activation::kGeluTanh});
  if (activation_ == Activation::kSilu && !h.is_meta()) at::silu_(h);
  return second_.Forward(h);
}

}  // namespace skipbench
