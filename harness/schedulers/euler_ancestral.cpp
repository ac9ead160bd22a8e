#include "harness/schedulers/euler_ancestral.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/schedulers/euler_common.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/scheduler_base.h"
#include "harness/schedulers/sigmas.h"

namespace skipbench {
namespace {

class EulerAncestral final : public SchedulerBase {
 public:
  EulerAncestral(const SchedulerOptions& options, int steps) : SchedulerBase("euler_ancestral", steps) {
    const Prediction prediction = ReadPrediction(options, {"epsilon", "v_prediction"});
    const Spacing spacing = ReadSpacing(options, "linspace");
    const std::vector<float> table = SigmaTable(ReadPositiveAlphasCumprod(options));
    timesteps_ = EulerTimesteps(options, spacing, steps);
    std::vector<float> sigmas;
    for (double t : timesteps_) sigmas.push_back(static_cast<float>(SigmaAt(table, t)));
    sigmas.push_back(0);
    init_noise_sigma_ = InitNoiseSigma(spacing, sigmas);

    for (int i = 0; i < calls(); ++i) {
      // The step down to σ_to is one to σ_down by the ODE and σ_up of noise: σ_down² + σ_up² = σ_to².
      const float from = sigmas[i];
      const float to = sigmas[i + 1];
      const float up = std::sqrt(to * to * (from * from - to * to) / (from * from));
      const float down = std::sqrt(to * to - up * up);
      input_scale_.push_back(InputScale(from));
      weights_.push_back(EulerStep(prediction, from, down - from));
      noise_std_.push_back(up);
    }
  }

  at::Tensor ScaleModelInput(const at::Tensor& sample, int call) const override {
    return at::div(sample, input_scale_[Checked(call)]);
  }

  StepResult Step(const at::Tensor& x, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(x, model_output, call, state, 0, noise);
    at::Tensor next = TakeEulerStep(weights_[call], x, model_output);
    if (UsesNoise(call)) next.add_(noise, NoiseStd(call));
    return {next.to(x.scalar_type()), {}};
  }

 private:
  std::vector<double> input_scale_;
  std::vector<EulerWeights> weights_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakeEulerAncestral(const SchedulerOptions& options, int steps) {
  return std::make_shared<EulerAncestral>(options, steps);
}

}  // namespace skipbench
