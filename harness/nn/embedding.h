// Tables and sinusoids: what turns ids and timesteps into vectors.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "harness/nn/linear.h"
#include "harness/nn/weights.h"

namespace skipbench {

// Row lookup in "weight" [rows, features].
class Embedding {
 public:
  Embedding(const Weights& w, int64_t rows, int64_t features);
  at::Tensor Forward(const at::Tensor& ids) const;       // int64 [...] -> [..., features]
  const at::Tensor& weight() const { return weight_; }

 private:
  at::Tensor weight_;
};

// Sinusoidal embedding (Vaswani et al. 2017, as in the DDPM code): [N] -> [N, dim], float32.
//   half = dim / 2, f_k = exp(-ln(10000) k / (half - freq_shift)); [sin(t f), cos(t f)], or [cos, sin] when flipped; an
//   odd `dim` is padded with a zero.
struct Timesteps {
  int64_t dim = 0;
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  at::Tensor Forward(const at::Tensor& timesteps) const;
};

// linear_1, SiLU, linear_2.
class TimestepEmbedding {
 public:
  TimestepEmbedding(const Weights& w, int64_t in_features, int64_t features);
  at::Tensor Forward(const at::Tensor& x) const;         // [N, in_features] -> [N, features]

 private:
  Linear linear_1_, linear_2_;
};

}  // namespace skipbench
