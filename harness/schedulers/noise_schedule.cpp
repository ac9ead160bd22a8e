#include "harness/schedulers/noise_schedule.h"

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <numbers>

namespace skipbench {
namespace {

// β_t such that Π (1 − β) follows `alpha_bar`, a function of t/T; β is at most 0.999.
at::Tensor BetasForAlphaBar(int64_t train, at::ScalarType dtype, const std::function<double(double)>& alpha_bar) {
  at::Tensor betas = at::empty({train}, at::kDouble);
  double* beta = betas.mutable_data_ptr<double>();
  for (int64_t i = 0; i < train; ++i) {
    const double t1 = static_cast<double>(i) / static_cast<double>(train);
    const double t2 = static_cast<double>(i + 1) / static_cast<double>(train);
    beta[i] = std::min(1 - alpha_bar(t2) / alpha_bar(t1), 0.999);
  }
  return betas.to(dtype);
}

// Nichol and Dhariwal 2021 (arXiv 2102.09672), equation 17.
double Cosine(double t) {
  const double c = std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2);
  return c * c;
}

double Laplace(double t) {
  const double lambda = -0.5 * std::copysign(1.0, 0.5 - t) * std::log(1 - 2 * std::fabs(0.5 - t) + 1e-6);
  const double snr = std::exp(lambda);
  return std::sqrt(snr / (1 + snr));
}

at::Tensor TrainedBetas(const SchedulerOptions& options, int64_t train, at::ScalarType dtype) {
  const std::vector<double> betas = options.DoublesOr("trained_betas", {});
  if (static_cast<int64_t>(betas.size()) != train)
    options.FailAt("trained_betas", fmt::format("expected num_train_timesteps = {} numbers, found {}", train, betas.size()));
  return at::tensor(at::ArrayRef<double>(betas), at::kDouble).to(dtype);
}

at::Tensor ReadBetas(const SchedulerOptions& options, const NoiseScheduleRules& rules) {
  const int64_t train = options.Int("num_train_timesteps", 1000, 1, 1'000'000);
  const double start = options.Double("beta_start", 0.0001, 0, 1);
  const double end = options.Double("beta_end", 0.02, 0, 1);
  std::vector<std::string> known = {"linear", "scaled_linear", "squaredcos_cap_v2"};
  if (rules.sigmoid) known.insert(known.end(), {"sigmoid", "laplace"});
  if (options.Has("trained_betas")) {
    options.String("beta_schedule", "linear");   // of no effect then, as in diffusers
    return TrainedBetas(options, train, rules.dtype);
  }
  const std::string schedule = options.Choice("beta_schedule", "linear", known);
  if (schedule == "linear") return at::linspace(start, end, train, rules.dtype);
  if (schedule == "scaled_linear") return at::linspace(std::sqrt(start), std::sqrt(end), train, rules.dtype).pow(2);
  if (schedule == "squaredcos_cap_v2") return BetasForAlphaBar(train, rules.dtype, Cosine);
  if (schedule == "laplace") return BetasForAlphaBar(train, rules.dtype, Laplace);
  return at::linspace(-6, 6, train, rules.dtype).sigmoid() * (end - start) + start;
}

// Lin et al. 2023 (arXiv 2305.08891), algorithm 1: shifts and scales sqrt(ᾱ) so that the last is zero.
at::Tensor RescaleToZeroTerminalSnr(const at::Tensor& betas) {
  at::Tensor root = (1.0 - betas).cumprod(0).sqrt();
  const at::Tensor first = root[0].clone();
  const at::Tensor last = root[-1].clone();
  root = (root - last) * (first / (first - last));
  const at::Tensor alpha_bar = root.pow(2);
  const at::Tensor alphas = alpha_bar.slice(0, 1) / alpha_bar.slice(0, 0, -1);
  return 1.0 - at::cat({alpha_bar.slice(0, 0, 1), alphas});
}

}  // namespace

at::Tensor ReadAlphasCumprod(const SchedulerOptions& options, const NoiseScheduleRules& rules) {
  at::Tensor betas = ReadBetas(options, rules);
  if (rules.zero_snr && options.Bool("rescale_betas_zero_snr", false)) {
    if (betas.size(0) < 2) options.FailAt("rescale_betas_zero_snr", "needs at least two training timesteps");
    betas = RescaleToZeroTerminalSnr(betas);
  }
  const at::Tensor table = (1.0 - betas).cumprod(0);
  if (!at::logical_and(table >= 0, table < 1).all().item<bool>()) {
    const char* key = options.Has("trained_betas") ? "trained_betas" : "beta_start";
    options.FailAt(key, "these betas make a cumulative product of 1 - beta outside of [0, 1)");
  }
  return table;
}

std::vector<float> ToFloats(const at::Tensor& table) {
  const at::Tensor floats = table.to(at::kFloat).contiguous();
  const float* data = floats.const_data_ptr<float>();
  return {data, data + floats.numel()};
}

std::vector<float> ReadPositiveAlphasCumprod(const SchedulerOptions& options) {
  std::vector<float> table = ToFloats(ReadAlphasCumprod(options));
  if (options.Bool("rescale_betas_zero_snr", false)) table.back() = 0x1p-24f;
  for (float alpha_bar : table)
    if (alpha_bar <= 0) options.FailAt("beta_end", "these betas leave no signal at all at some timestep: sigma would be infinite");
  return table;
}

}  // namespace skipbench
