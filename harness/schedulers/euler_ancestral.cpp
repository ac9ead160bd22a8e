#include "harness/schedulers/euler_ancestral.h"

#include <cmath>

#include "harness/schedulers/euler.h"
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

}  // namespace

std::shared_ptr<const Scheduler> MakeEulerAncestral(const EulerAncestralOptions& options, int steps) {
  Table().Validate(options);
  const Prediction prediction = PredictionOf(options.prediction_type);
  const std::vector<float> table = SigmaTable(PositiveAlphasCumprod(options.noise));
  const std::vector<double> timesteps = EulerTimesteps(options.spacing, options.noise.num_train_timesteps, steps);
  std::vector<float> sigmas;
  for (double t : timesteps) sigmas.push_back(static_cast<float>(SigmaAt(table, t)));
  sigmas.push_back(0);
  std::vector<EulerCall> calls;
  for (size_t i = 0; i < timesteps.size(); ++i) {
    // The step down to σ_to is one to σ_down by the ODE and σ_up of noise: σ_down² + σ_up² = σ_to².
    const float from = sigmas[i], to = sigmas[i + 1];
    const float up = std::sqrt(to * to * (from * from - to * to) / (from * from));
    const float down = std::sqrt(to * to - up * up);
    calls.push_back(MakeEulerCall(prediction, timesteps[i], from, down - from));
    calls.back().noise_std = up;
  }
  return MakeEulerOf("euler_ancestral", std::move(calls), InitNoiseSigma(options.spacing, sigmas));
}

SchedulerType EulerAncestralType() {
  return DeclareScheduler("EulerAncestralDiscreteScheduler", "ancestral sampling with Euler steps (k-diffusion)",
                          Table(), MakeEulerAncestral);
}

}  // namespace skipbench
