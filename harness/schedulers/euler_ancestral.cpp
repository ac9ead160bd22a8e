#include "harness/schedulers/euler_ancestral.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/schedulers/euler_common.h"
#include "harness/schedulers/scheduler_base.h"
#include "harness/schedulers/sigmas.h"

namespace skipbench {
namespace {

const OptionTable<EulerAncestralOptions>& Table() {
  using Options = EulerAncestralOptions;
  static const OptionTable<Options> table =
      OptionTable<Options>("euler_ancestral", {PredictionField(&Options::prediction_type, {"epsilon", "v_prediction"})})
          .Include(&Options::spacing, SpacingTable())
          .Include(&Options::noise, NoiseScheduleTable());
  return table;
}

class EulerAncestral final : public SchedulerBase {
 public:
  EulerAncestral(const EulerAncestralOptions& options, int steps) : SchedulerBase("euler_ancestral", steps) {
    const Prediction prediction = PredictionOf(options.prediction_type);
    const std::vector<float> table = SigmaTable(PositiveAlphasCumprod(options.noise));
    timesteps_ = EulerTimesteps(options.spacing, options.noise.num_train_timesteps, steps);
    std::vector<float> sigmas;
    for (double t : timesteps_) sigmas.push_back(static_cast<float>(SigmaAt(table, t)));
    sigmas.push_back(0);
    init_noise_sigma_ = InitNoiseSigma(options.spacing, sigmas);

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

std::shared_ptr<const Scheduler> MakeEulerAncestral(const EulerAncestralOptions& options, int steps) {
  Table().Validate(options);
  return std::make_shared<EulerAncestral>(options, steps);
}

SchedulerType EulerAncestralType() {
  return DeclareScheduler("EulerAncestralDiscreteScheduler", "ancestral sampling with Euler steps (k-diffusion)",
                          Table(), MakeEulerAncestral);
}

}  // namespace skipbench
