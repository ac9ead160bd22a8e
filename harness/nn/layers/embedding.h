// Tables and sinusoids: what turns ids and timesteps into vectors.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/nn/layers/linear.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

// Row lookup in "weight" [rows, features].
class Embedding {
 public:
  Embedding(const Weights& w, int64_t rows, int64_t features);
  at::Tensor Forward(const at::Tensor& ids) const;  // int64 [...] -> [..., features]
  const at::Tensor& weight() const { return weight_; }

 private:
  at::Tensor weight_;
};

// Sinusoidal embedding (Vaswani et al. 2017, as in the DDPM code): [N] -> [N, dim], float32.
//   half = dim / 2, f_k = exp(-ln(10000) k / (half - freq_shift)); [sin(t f), cos(t f)], or [cos, sin] when flipped; an
//   odd `dim` is padded with a zero.
// f and t f are rounded to float32 as in diffusers, then sine and cosine once: on a CPU the same bits whichever it is.
// |t| < 2^30.
struct Timesteps {
  int64_t dim = 0;
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  at::Tensor Forward(const at::Tensor& timesteps) const;

 private:
  at::Tensor OnCpu(const at::Tensor& timesteps) const;
  at::Tensor OnDevice(const at::Tensor& timesteps) const;
  static float LogPeriod();
  float Divisor() const;
  std::vector<float> Frequencies() const;
};

// linear_1, SiLU, linear_2.
class TimestepEmbedding {
 public:
  TimestepEmbedding(const Weights& w, int64_t in_features, int64_t features);
  at::Tensor Forward(const at::Tensor& x) const;  // [N, in_features] -> [N, features]

 private:
  Linear linear_1_, linear_2_;
};

}  // namespace skipbench
