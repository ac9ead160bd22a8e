#include "harness/schedulers/ddim.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "harness/schedulers/scheduler_base.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {
namespace {

const OptionTable<DdimOptions>& Table() {
  static const OptionTable<DdimOptions> table =
      OptionTable<DdimOptions>(
          "ddim",
          {PredictionField(&DdimOptions::prediction_type),
           Field("eta", &DdimOptions::eta).Min(0).Max(1).Help("0: DDIM, 1: the variance of DDPM"),
           Field("set_alpha_to_one", &DdimOptions::set_alpha_to_one).Help("no noise is left behind the last step")})
          .Include(&DdimOptions::spacing, SpacingTable())
          .Include(&DdimOptions::limits, X0LimitsTable(/*with_clip=*/true))
          .Include(&DdimOptions::noise, NoiseScheduleTable());
  return table;
}

const OptionTable<DdimQuadraticOptions>& QuadraticTable() {
  static const OptionTable<DdimQuadraticOptions> table =
      OptionTable<DdimQuadraticOptions>("ddim_quadratic", {PredictionField(&DdimQuadraticOptions::prediction_type)})
          .Include(&DdimQuadraticOptions::noise, NoiseScheduleTable({.zero_snr = false}));
  return table;
}

// One step of DDIM: from ᾱ to ᾱ_prev, with noise of the variance σ².
struct DdimCall {
  double timestep;
  double alpha, sigma;   // sqrt(ᾱ), sqrt(1 − ᾱ)
  double alpha_prev;     // sqrt(ᾱ_prev)
  double direction;      // sqrt(1 − ᾱ_prev − σ²)
  double noise_std = 0;  // σ
};

class Ddim final : public SchedulerBase {
 public:
  Ddim(std::string type, std::vector<DdimCall> calls, Prediction prediction, const X0Limits& limits)
      : SchedulerBase(std::move(type), static_cast<int>(calls.size())),
        prediction_(prediction),
        limits_(limits),
        calls_(std::move(calls)) {
    prediction_type_ = NameOf(prediction);
    for (const DdimCall& call : calls_) {
      timesteps_.push_back(call.timestep);
      noise_std_.push_back(call.noise_std);
      noise_levels_.push_back({call.alpha, call.sigma});
    }
    const double last = calls_.back().alpha_prev;
    noise_levels_.push_back({last, std::sqrt(1 - last * last)});
  }

  bool ClipsSample() const override { return limits_.clip; }

  StepResult Step(const at::Tensor& x, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(x, model_output, call, state, 0, noise);
    const DdimCall& c = calls_[call];
    const at::Tensor x0 = Limit(limits_, PredictX0(prediction_, x, model_output, c.alpha, c.sigma));
    const at::Tensor epsilon = PredictEpsilon(prediction_, x, model_output, c.alpha, c.sigma);
    // Equation 12: x_prev = sqrt(ᾱ_prev) x0 + sqrt(1 − ᾱ_prev − σ²) ε + σ n
    at::Tensor x_prev = at::mul(x0, c.alpha_prev).add_(epsilon, c.direction);
    if (UsesNoise(call)) x_prev.add_(noise, NoiseStd(call));
    return {x_prev, {}};
  }

 private:
  Prediction prediction_;
  X0Limits limits_;
  std::vector<DdimCall> calls_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakeDdim(const DdimOptions& options, int steps) {
  Table().Validate(options);
  const Prediction prediction = PredictionOf(options.prediction_type);
  const std::vector<float> alpha_bar = AlphasCumprod<float>(options.noise);
  const float final_alpha_bar = options.set_alpha_to_one ? 1.0f : alpha_bar[0];
  const auto eta = static_cast<float>(options.eta);
  const int train = options.noise.num_train_timesteps;
  std::vector<DdimCall> calls;
  for (int t : IntegerTimesteps(options.spacing, train, steps)) {
    const int prev = t - train / steps;
    const float a = alpha_bar[t];
    const float a_prev = prev >= 0 ? alpha_bar[prev] : final_alpha_bar;
    if (a == 0) CheckZeroSignal(prediction, options.limits, t);
    // Equation 16: σ_t = η sqrt((1 − ᾱ_prev)/(1 − ᾱ_t)) sqrt(1 − ᾱ_t/ᾱ_prev)
    const float sigma = eta > 0 ? eta * std::sqrt((1 - a_prev) / (1 - a) * (1 - a / a_prev)) : 0.0f;
    calls.push_back({.timestep = static_cast<double>(t),
                     .alpha = std::sqrt(a),
                     .sigma = std::sqrt(1 - a),
                     .alpha_prev = std::sqrt(a_prev),
                     .direction = std::sqrt(std::max(1 - a_prev - sigma * sigma, 0.0f)),
                     .noise_std = sigma});
  }
  return std::make_shared<Ddim>("ddim", std::move(calls), prediction, options.limits);
}

SchedulerType DdimType() { return DeclareScheduler("DDIMScheduler", "DDIM (arXiv 2010.02502)", Table(), MakeDdim); }

std::shared_ptr<const Scheduler> MakeDdimQuadratic(const DdimQuadraticOptions& options, int steps) {
  QuadraticTable().Validate(options);
  const std::vector<double> alpha_bar = AlphasCumprod<double>(options.noise);
  const std::vector<double> roots = Linspace(0, std::sqrt(static_cast<double>(alpha_bar.size()) * 0.8), steps);
  std::vector<DdimCall> calls;
  double a_prev = 1;
  for (const double root : roots) {  // from the last step to the first
    const double t = std::trunc(root * root), a = alpha_bar[static_cast<size_t>(t)];
    calls.push_back({t, std::sqrt(a), std::sqrt(1 - a), std::sqrt(a_prev), std::sqrt(1 - a_prev)});
    a_prev = a;
  }
  std::reverse(calls.begin(), calls.end());
  return std::make_shared<Ddim>("ddim_quadratic", std::move(calls), PredictionOf(options.prediction_type), X0Limits{});
}

SchedulerType DdimQuadraticType() {
  return DeclareScheduler("", "DDIM with quadratic skipping, as in its own code (skip_type \"quad\")", QuadraticTable(),
                          MakeDdimQuadratic);
}

}  // namespace skipbench
