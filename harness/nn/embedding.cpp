#include "harness/nn/embedding.h"

#include <ATen/ATen.h>

#include <cmath>

namespace skipbench {

Embedding::Embedding(const Weights& w, int64_t rows, int64_t features) {
  weight_ = w.Take("weight", {rows, features});
}

at::Tensor Embedding::Forward(const at::Tensor& ids) const {
  if (ids.is_meta()) {
    std::vector<int64_t> shape = ids.sizes().vec();
    shape.push_back(weight_.size(1));
    return at::empty(shape, ids.options().dtype(weight_.dtype()));
  }
  return at::embedding(weight_, ids);
}

at::Tensor Timesteps::Forward(const at::Tensor& timesteps) const {
  if (timesteps.is_meta()) return at::empty({timesteps.size(0), dim}, timesteps.options().dtype(at::kFloat));
  const int64_t half = dim / 2;
  const at::Tensor k = at::arange(half, timesteps.options().dtype(at::kFloat));
  const at::Tensor frequency = at::exp(k * -std::log(10000.0) / (static_cast<double>(half) - freq_shift));
  const at::Tensor angle = timesteps.to(at::kFloat).unsqueeze(1) * frequency.unsqueeze(0);
  const at::Tensor sin = at::sin(angle), cos = at::cos(angle);
  at::Tensor out = flip_sin_to_cos ? at::cat({cos, sin}, -1) : at::cat({sin, cos}, -1);
  return dim % 2 == 1 ? at::constant_pad_nd(out, {0, 1}) : out;
}

TimestepEmbedding::TimestepEmbedding(const Weights& w, int64_t in_features, int64_t features)
    : linear_1_(w.Sub("linear_1"), in_features, features), linear_2_(w.Sub("linear_2"), features, features) {}

at::Tensor TimestepEmbedding::Forward(const at::Tensor& x) const {
  return linear_2_.Forward(at::silu(linear_1_.Forward(x)));
}

}  // namespace skipbench
