#include "harness/schedulers/noise_schedule.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "harness/base/portable_math.h"

namespace skipbench {
namespace {

// torch.linspace as it is computed on CPUs with FMA: from either end to the middle.
template <typename Real>
std::vector<Real> TorchLinspace(double from, double to, int64_t n) {
  const auto start = static_cast<Real>(from), end = static_cast<Real>(to);
  const Real step = n > 1 ? (end - start) / static_cast<Real>(n - 1) : 0;
  std::vector<Real> points(n, start);
  for (int64_t i = 1; i < n; ++i)
    points[i] = i < n / 2 ? std::fma(step, static_cast<Real>(i), start) : std::fma(-step, static_cast<Real>(n - 1 - i), end);
  return points;
}

// β_t such that Π (1 − β) follows `alpha_bar`, a function of t/T; β is at most 0.999.
template <typename Real>
std::vector<Real> BetasForAlphaBar(int64_t train, const std::function<double(double)>& alpha_bar) {
  std::vector<Real> betas(train);
  for (int64_t i = 0; i < train; ++i) {
    const double t1 = static_cast<double>(i) / static_cast<double>(train);
    const double t2 = static_cast<double>(i + 1) / static_cast<double>(train);
    betas[i] = static_cast<Real>(std::min(1 - alpha_bar(t2) / alpha_bar(t1), 0.999));
  }
  return betas;
}

// Nichol and Dhariwal 2021 (arXiv 2102.09672), equation 17.
double Cosine(double t) {
  const double c = portable::SinCos((t + 0.008) / 1.008 * std::numbers::pi / 2).cos;
  return c * c;
}

double Laplace(double t) {
  const double lambda = -0.5 * std::copysign(1.0, 0.5 - t) * portable::Log(1 - 2 * std::fabs(0.5 - t) + 1e-6);
  const double snr = portable::Exp(lambda);
  return std::sqrt(snr / (1 + snr));
}

template <typename Real>
std::vector<Real> TrainedBetas(const SchedulerOptions& options, int64_t train) {
  const std::vector<double> betas = options.DoublesOr("trained_betas", {});
  if (static_cast<int64_t>(betas.size()) != train)
    options.FailAt("trained_betas", fmt::format("expected num_train_timesteps = {} numbers, found {}", train, betas.size()));
  std::vector<Real> rounded;
  for (double beta : betas) rounded.push_back(static_cast<Real>(beta));
  return rounded;
}

template <typename Real>
std::vector<Real> ReadBetas(const SchedulerOptions& options, const NoiseScheduleRules& rules) {
  const int64_t train = options.Int("num_train_timesteps", 1000, 1, 1'000'000);
  const double start = options.Double("beta_start", 0.0001, 0, 1);
  const double end = options.Double("beta_end", 0.02, 0, 1);
  std::vector<std::string> known = {"linear", "scaled_linear", "squaredcos_cap_v2"};
  if (rules.sigmoid) known.insert(known.end(), {"sigmoid", "laplace"});
  if (options.Has("trained_betas")) {
    options.String("beta_schedule", "linear");   // of no effect then, as in diffusers
    return TrainedBetas<Real>(options, train);
  }
  const std::string schedule = options.Choice("beta_schedule", "linear", known);
  if (schedule == "linear") return TorchLinspace<Real>(start, end, train);
  if (schedule == "squaredcos_cap_v2") return BetasForAlphaBar<Real>(train, Cosine);
  if (schedule == "laplace") return BetasForAlphaBar<Real>(train, Laplace);
  std::vector<Real> betas;
  if (schedule == "scaled_linear") {
    betas = TorchLinspace<Real>(std::sqrt(start), std::sqrt(end), train);
    for (Real& beta : betas) beta *= beta;
  } else {
    betas = TorchLinspace<Real>(-6, 6, train);
    for (Real& beta : betas) {
      const auto sigmoid = static_cast<Real>(1 / (1 + portable::Exp(-static_cast<double>(beta))));
      beta = sigmoid * static_cast<Real>(end - start) + static_cast<Real>(start);
    }
  }
  return betas;
}

// Π (1 − β), the product in float64 and rounded for each entry, as torch.cumprod does it.
template <typename Real>
std::vector<Real> CumulativeProduct(const std::vector<Real>& betas) {
  std::vector<Real> table;
  table.reserve(betas.size());
  double product = 1;
  for (Real beta : betas) table.push_back(static_cast<Real>(product *= static_cast<double>(1 - beta)));
  return table;
}

// Lin et al. 2023 (arXiv 2305.08891), algorithm 1: shifts and scales sqrt(ᾱ) so that the last is zero. Returns new betas.
template <typename Real>
std::vector<Real> RescaleToZeroTerminalSnr(const std::vector<Real>& betas) {
  std::vector<Real> alpha_bar = CumulativeProduct(betas);
  const Real first = std::sqrt(alpha_bar.front());
  const Real last = std::sqrt(alpha_bar.back());
  const Real scale = first / (first - last);
  for (Real& value : alpha_bar) {
    const Real root = (std::sqrt(value) - last) * scale;
    value = root * root;
  }
  std::vector<Real> rescaled = {1 - alpha_bar[0]};
  for (size_t i = 1; i < alpha_bar.size(); ++i) rescaled.push_back(1 - alpha_bar[i] / alpha_bar[i - 1]);
  return rescaled;
}

}  // namespace

template <typename Real>
std::vector<Real> ReadAlphasCumprod(const SchedulerOptions& options, const NoiseScheduleRules& rules) {
  std::vector<Real> betas = ReadBetas<Real>(options, rules);
  if (rules.zero_snr && options.Bool("rescale_betas_zero_snr", false)) {
    if (betas.size() < 2) options.FailAt("rescale_betas_zero_snr", "needs at least two training timesteps");
    betas = RescaleToZeroTerminalSnr(betas);
  }
  std::vector<Real> table = CumulativeProduct(betas);
  if (!std::all_of(table.begin(), table.end(), [](Real alpha_bar) { return alpha_bar >= 0 && alpha_bar < 1; })) {
    const char* key = options.Has("trained_betas") ? "trained_betas" : "beta_start";
    options.FailAt(key, "these betas make a cumulative product of 1 - beta outside of [0, 1)");
  }
  return table;
}

template std::vector<float> ReadAlphasCumprod(const SchedulerOptions&, const NoiseScheduleRules&);
template std::vector<double> ReadAlphasCumprod(const SchedulerOptions&, const NoiseScheduleRules&);

std::vector<float> ReadPositiveAlphasCumprod(const SchedulerOptions& options) {
  std::vector<float> table = ReadAlphasCumprod<float>(options);
  if (options.Bool("rescale_betas_zero_snr", false)) table.back() = 0x1p-24f;
  for (float alpha_bar : table)
    if (alpha_bar <= 0) options.FailAt("beta_end", "these betas leave no signal at all at some timestep: sigma would be infinite");
  return table;
}

}  // namespace skipbench
