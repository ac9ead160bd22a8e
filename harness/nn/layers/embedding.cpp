#include "harness/nn/layers/embedding.h"

#include <ATen/ATen.h>

#include "harness/base/portable_math.h"

namespace skipbench {

Embedding::Embedding(const Weights& w, int64_t rows, int64_t features) { weight_ = w.Take("weight", {rows, features}); }

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
  return timesteps.is_cpu() ? OnCpu(timesteps) : OnDevice(timesteps);
}

at::Tensor Timesteps::OnCpu(const at::Tensor& timesteps) const {
  const std::vector<float> frequency = Frequencies();
  const at::Tensor t = timesteps.to(at::kFloat).contiguous();
  at::Tensor out = at::zeros({t.size(0), dim}, t.options());
  const auto half = static_cast<int64_t>(frequency.size());
  float* row = out.mutable_data_ptr<float>();
  for (int64_t n = 0; n < t.size(0); ++n, row += dim) {
    float* sin_out = row + (flip_sin_to_cos ? half : 0);
    float* cos_out = row + (flip_sin_to_cos ? 0 : half);
    for (int64_t k = 0; k < half; ++k) {
      const auto [sin, cos] = portable::SinCos(t.const_data_ptr<float>()[n] * frequency[k]);
      sin_out[k] = static_cast<float>(sin);
      cos_out[k] = static_cast<float>(cos);
    }
  }
  return out;
}

// The same, in float64 and rounded, without a copy that the device would have to wait for.
at::Tensor Timesteps::OnDevice(const at::Tensor& timesteps) const {
  const auto rounded = [](const at::Tensor& x) { return x.to(at::kFloat).to(at::kDouble); };
  const int64_t half = dim / 2;
  const at::Tensor k = at::arange(half, timesteps.options().dtype(at::kDouble));
  const at::Tensor exponent = rounded(rounded(k * LogPeriod()) / Divisor());
  const at::Tensor angle =
      rounded(timesteps.to(at::kFloat).to(at::kDouble).unsqueeze(1) * rounded(at::exp(exponent)).unsqueeze(0));
  const at::Tensor sin = at::sin(angle).to(at::kFloat), cos = at::cos(angle).to(at::kFloat);
  at::Tensor out = flip_sin_to_cos ? at::cat({cos, sin}, -1) : at::cat({sin, cos}, -1);
  return dim % 2 == 1 ? at::constant_pad_nd(out, {0, 1}) : out;
}

// -ln(10000) and half - freq_shift as torch takes numbers into float32 arithmetic.
float Timesteps::LogPeriod() { return static_cast<float>(-portable::Log(10000.0)); }
float Timesteps::Divisor() const { return static_cast<float>(static_cast<double>(dim / 2) - freq_shift); }

std::vector<float> Timesteps::Frequencies() const {
  std::vector<float> frequency(dim / 2);
  for (size_t k = 0; k < frequency.size(); ++k)
    frequency[k] = portable::Exp(static_cast<float>(k) * LogPeriod() / Divisor());
  return frequency;
}

TimestepEmbedding::TimestepEmbedding(const Weights& w, int64_t in_features, int64_t features)
    : linear_1_(w.Sub("linear_1"), in_features, features), linear_2_(w.Sub("linear_2"), features, features) {}

at::Tensor TimestepEmbedding::Forward(const at::Tensor& x) const {
  return linear_2_.Forward(at::silu(linear_1_.Forward(x)));
}

}  // namespace skipbench
