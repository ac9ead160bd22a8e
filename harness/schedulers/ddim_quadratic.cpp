#include "harness/schedulers/ddim_quadratic.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/schedulers/prediction.h"
#include "harness/schedulers/scheduler_base.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {
namespace {

const OptionTable<DdimQuadraticOptions>& Table() {
  static const OptionTable<DdimQuadraticOptions> table =
      OptionTable<DdimQuadraticOptions>("ddim_quadratic", {PredictionField(&DdimQuadraticOptions::prediction_type)})
          .Include(&DdimQuadraticOptions::noise, NoiseScheduleTable({.zero_snr = false}));
  return table;
}

class DdimQuadratic final : public SchedulerBase {
 public:
  DdimQuadratic(const DdimQuadraticOptions& options, int steps)
      : SchedulerBase("ddim_quadratic", steps), prediction_(PredictionOf(options.prediction_type)) {
    const std::vector<double> alpha_bar = AlphasCumprod<double>(options.noise);
    const std::vector<double> roots = Linspace(0, std::sqrt(static_cast<double>(alpha_bar.size()) * 0.8), steps);
    for (int i = steps - 1; i >= 0; --i) timesteps_.push_back(std::trunc(roots[i] * roots[i]));
    for (int i = 0; i < steps; ++i) {
      const double a = alpha_bar[static_cast<size_t>(timesteps_[i])];
      const double a_prev = i + 1 < steps ? alpha_bar[static_cast<size_t>(timesteps_[i + 1])] : 1.0;
      calls_.push_back({std::sqrt(a), std::sqrt(1 - a), std::sqrt(a_prev), std::sqrt(1 - a_prev)});
    }
  }

  StepResult Step(const at::Tensor& x, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(x, model_output, call, state, 0, noise);
    const Call& c = calls_[call];
    const at::Tensor x0 = PredictX0(prediction_, x, model_output, c.alpha, c.sigma);
    const at::Tensor epsilon = PredictEpsilon(prediction_, x, model_output, c.alpha, c.sigma);
    // DDIM's equation 12 with σ = 0.
    return {at::mul(x0, c.alpha_prev).add_(epsilon, c.sigma_prev), {}};
  }

 private:
  struct Call {
    double alpha, sigma, alpha_prev, sigma_prev;   // sqrt(ᾱ), sqrt(1 − ᾱ) before and after
  };
  Prediction prediction_;
  std::vector<Call> calls_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakeDdimQuadratic(const DdimQuadraticOptions& options, int steps) {
  Table().Validate(options);
  return std::make_shared<DdimQuadratic>(options, steps);
}

SchedulerType DdimQuadraticType() {
  return DeclareScheduler("", "DDIM with quadratic skipping, as in its own code (skip_type \"quad\")", Table(), MakeDdimQuadratic);
}

}  // namespace skipbench
