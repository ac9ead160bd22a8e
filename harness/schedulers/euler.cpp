#include "harness/schedulers/euler.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/base/portable_math.h"
#include "harness/schedulers/euler_common.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/scheduler_base.h"
#include "harness/schedulers/sigmas.h"

namespace skipbench {
namespace {

class Euler final : public SchedulerBase {
 public:
  Euler(const SchedulerOptions& options, int steps) : SchedulerBase("euler", steps) {
    const Prediction prediction = ReadPrediction(options, {"epsilon", "sample", "original_sample", "v_prediction"});
    options.Choice("interpolation_type", "linear", {"linear"});
    const Spacing spacing = ReadSpacing(options, "linspace");
    const std::vector<float> table = SigmaTable(ReadPositiveAlphasCumprod(options));
    const bool ends_at_zero = options.Choice("final_sigmas_type", "zero", {"zero", "sigma_min"}) == "zero";
    const std::string timestep_type = options.Choice("timestep_type", "discrete", {"discrete", "continuous"});

    timesteps_ = EulerTimesteps(options, spacing, steps);
    std::vector<float> sigmas = Sigmas(options, table);
    if (timestep_type == "continuous" && prediction == Prediction::kVelocity)
      for (size_t i = 0; i < sigmas.size(); ++i) timesteps_[i] = 0.25f * portable::Log(sigmas[i]);
    sigmas.push_back(ends_at_zero ? 0.0f : table.front());
    init_noise_sigma_ = InitNoiseSigma(spacing, sigmas);

    for (int i = 0; i < calls(); ++i) {
      input_scale_.push_back(InputScale(sigmas[i]));
      weights_.push_back(EulerStep(prediction, sigmas[i], sigmas[i + 1] - sigmas[i]));
    }
  }

  at::Tensor ScaleModelInput(const at::Tensor& sample, int call) const override {
    return at::div(sample, input_scale_[Checked(call)]);
  }

  StepResult Step(const at::Tensor& x, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(x, model_output, call, state, 0, noise);
    return {TakeEulerStep(weights_[call], x, model_output).to(x.scalar_type()), {}};
  }

 private:
  // σ of every call; placed anew (and the timesteps with them) if a rule says so.
  std::vector<float> Sigmas(const SchedulerOptions& options, const std::vector<float>& table) {
    std::vector<double> sigmas;
    for (double t : timesteps_) sigmas.push_back(SigmaAt(table, t));
    const SigmaRule rule = ReadSigmaRule(options, /*with_lu=*/false);
    const double min = options.Double("sigma_min", sigmas.back(), 1e-10, HUGE_VAL);
    const double max = options.Double("sigma_max", sigmas.front(), 1e-10, HUGE_VAL);
    if (rule != SigmaRule::kTimesteps) {
      CheckSigmaEnds(options, min, max);
      sigmas = PlaceSigmas(rule, max, min, calls());
      const SigmaToTimestep to_timestep(table);
      for (size_t i = 0; i < sigmas.size(); ++i) timesteps_[i] = static_cast<float>(to_timestep(sigmas[i]));
    }
    return {sigmas.begin(), sigmas.end()};
  }

  std::vector<double> input_scale_;
  std::vector<EulerWeights> weights_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakeEuler(const SchedulerOptions& options, int steps) {
  return std::make_shared<Euler>(options, steps);
}

}  // namespace skipbench
