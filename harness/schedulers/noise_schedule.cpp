#include "harness/schedulers/noise_schedule.h"

#include <fmt/ranges.h>

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
    points[i] =
        i < n / 2 ? std::fma(step, static_cast<Real>(i), start) : std::fma(-step, static_cast<Real>(n - 1 - i), end);
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
std::vector<Real> TrainedBetas(const NoiseSchedule& schedule) {
  const std::vector<double>& betas = *schedule.trained_betas;
  if (static_cast<int>(betas.size()) != schedule.num_train_timesteps)
    FailOption("trained_betas", "expected num_train_timesteps = {} numbers, found {}", schedule.num_train_timesteps,
               betas.size());
  std::vector<Real> rounded;
  for (double beta : betas) rounded.push_back(static_cast<Real>(beta));
  return rounded;
}

template <typename Real>
std::vector<Real> Betas(const NoiseSchedule& schedule) {
  if (schedule.trained_betas) return TrainedBetas<Real>(schedule);
  const int64_t train = schedule.num_train_timesteps;
  const double start = schedule.beta_start, end = schedule.beta_end;
  const std::string& name = schedule.beta_schedule;
  if (name == "linear") return TorchLinspace<Real>(start, end, train);
  if (name == "squaredcos_cap_v2") return BetasForAlphaBar<Real>(train, Cosine);
  if (name == "laplace") return BetasForAlphaBar<Real>(train, Laplace);
  std::vector<Real> betas;
  if (name == "scaled_linear") {
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

// Lin et al. 2023 (arXiv 2305.08891), algorithm 1: shifts and scales sqrt(ᾱ) so that the last is zero. Returns new
// betas.
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

OptionTable<NoiseSchedule> NoiseScheduleTable(const NoiseScheduleRules& rules) {
  using Options = NoiseSchedule;
  std::vector<std::string> known = {"linear", "scaled_linear", "squaredcos_cap_v2"};
  if (rules.sigmoid) known.insert(known.end(), {"sigmoid", "laplace"});
  std::vector<Field<Options>> fields = {
      Field("num_train_timesteps", &Options::num_train_timesteps).Min(1).Max(1'000'000).Help("timesteps of training"),
      Field("beta_start", &Options::beta_start).Min(0).Max(1).Help("noise added by the first of them"),
      Field("beta_end", &Options::beta_end).Min(0).Max(1).Help("noise added by the last of them"),
      Field("beta_schedule", &Options::beta_schedule)
          .Allowed(fmt::format("{}", fmt::join(known, " | ")))
          .Help("how beta goes from one to the other"),
      Field("trained_betas", &Options::trained_betas).Help("beta of every timestep, instead of the three above")};
  if (rules.zero_snr)
    fields.push_back(Field("rescale_betas_zero_snr", &Options::rescale_betas_zero_snr)
                         .Help("rescale to zero terminal SNR (arXiv 2305.08891)"));
  OptionTable<Options> table("noise schedule", std::move(fields));
  // Of no effect beside trained_betas, as in diffusers.
  table.Rule([known](const Options& o) {
    if (!o.trained_betas && std::find(known.begin(), known.end(), o.beta_schedule) == known.end())
      FailUnsupportedOption("beta_schedule", "\"{}\" is not supported; supported: {}", o.beta_schedule,
                            fmt::join(known, ", "));
  });
  return table;
}

template <typename Real>
std::vector<Real> AlphasCumprod(const NoiseSchedule& schedule) {
  std::vector<Real> betas = Betas<Real>(schedule);
  if (schedule.rescale_betas_zero_snr) {
    if (betas.size() < 2) FailOption("rescale_betas_zero_snr", "needs at least two training timesteps");
    betas = RescaleToZeroTerminalSnr(betas);
  }
  std::vector<Real> table = CumulativeProduct(betas);
  if (!std::all_of(table.begin(), table.end(), [](Real alpha_bar) { return alpha_bar >= 0 && alpha_bar < 1; }))
    FailOption(schedule.trained_betas ? "trained_betas" : "beta_start",
               "these betas make a cumulative product of 1 - beta outside of [0, 1)");
  return table;
}

template std::vector<float> AlphasCumprod(const NoiseSchedule&);
template std::vector<double> AlphasCumprod(const NoiseSchedule&);

std::vector<float> PositiveAlphasCumprod(const NoiseSchedule& schedule) {
  std::vector<float> table = AlphasCumprod<float>(schedule);
  if (schedule.rescale_betas_zero_snr) table.back() = 0x1p-24f;
  for (float alpha_bar : table)
    if (alpha_bar <= 0)
      FailOption("beta_end", "these betas leave no signal at all at some timestep: sigma would be infinite");
  return table;
}

}  // namespace skipbench
