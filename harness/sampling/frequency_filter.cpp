#include "harness/sampling/frequency_filter.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace skipbench {
namespace {

constexpr double kTiny = 1e-16, kEnd = 1e-6;

at::Tensor GainOf(int64_t length, double sigma, double power) {
  const at::Tensor f = at::fft_fftfreq(length, 1.0, at::TensorOptions(at::kDouble)).abs();
  const at::Tensor p = 1 / (f.pow(power) + kTiny);
  return (1 - sigma) * p / ((1 - sigma) * (1 - sigma) * p + sigma * sigma + kTiny);
}

}  // namespace

at::Tensor FilterFrequencies(const at::Tensor& x, double sigma, double power) {
  const double s = std::clamp(sigma, kEnd, 1 - kEnd);
  at::Tensor gain = at::ones({}, at::kDouble);
  std::vector<int64_t> axes;
  for (int64_t axis = 2; axis < x.dim(); ++axis) {
    axes.push_back(axis);
    gain = gain.unsqueeze(-1) * GainOf(x.size(axis), s, power);
  }
  gain = (gain / gain.mean()).to(at::kFloat).to(x.device(), /*non_blocking=*/true);
  return at::real(at::fft_ifftn(at::fft_fftn(x.to(at::kFloat), {}, axes) * gain, {}, axes)).contiguous();
}

}  // namespace skipbench
