#include "harness/schedulers/euler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "harness/base/portable_math.h"
#include "harness/schedulers/scheduler_base.h"
#include "harness/schedulers/sigmas.h"

namespace skipbench {
namespace {

using Options = EulerOptions;

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table =
      OptionTable<Options>("euler", {PredictionField(&Options::prediction_type,
                                                     {"epsilon", "sample", "original_sample", "v_prediction"}),
                                     Field("final_sigmas_type", &Options::final_sigmas_type)
                                         .Supported({"zero", "sigma_min"})
                                         .Help("the last sigma"),
                                     Field("timestep_type", &Options::timestep_type)
                                         .Supported({"discrete", "continuous"})
                                         .Help("continuous: with v_prediction the network is told log(sigma)/4"),
                                     Field("interpolation_type", &Options::interpolation_type)
                                         .Supported({"linear"})
                                         .Help("of sigma between training timesteps"),
                                     Field("sigma_min", &Options::sigma_min)
                                         .Min(1e-10)
                                         .Default("sigma at the last timestep")
                                         .Help("smallest sigma where a rule places them"),
                                     Field("sigma_max", &Options::sigma_max)
                                         .Min(1e-10)
                                         .Default("sigma at the first timestep")
                                         .Help("largest sigma where a rule places them")})
          .Include(&Options::rules, SigmaRulesTable(/*with_lu=*/false))
          .Include(&Options::spacing, SpacingTable())
          .Include(&Options::noise, NoiseScheduleTable());
  return table;
}

const OptionTable<EulerAncestralOptions>& AncestralTable() {
  using Options = EulerAncestralOptions;
  static const OptionTable<Options> table =
      OptionTable<Options>("euler_ancestral", {PredictionField(&Options::prediction_type, {"epsilon", "v_prediction"})})
          .Include(&Options::spacing, SpacingTable())
          .Include(&Options::noise, NoiseScheduleTable());
  return table;
}

// Timesteps of the Euler family, descending: float32, fractional with "linspace".
std::vector<double> EulerTimesteps(const Spacing& spacing, int train, int steps) {
  if (spacing.kind != "linspace") {
    const std::vector<int> timesteps = IntegerTimesteps(spacing, train, steps);
    return {timesteps.begin(), timesteps.end()};
  }
  std::vector<double> timesteps = Linspace(0, train - 1, steps);
  for (double& t : timesteps) t = static_cast<float>(t);
  std::reverse(timesteps.begin(), timesteps.end());
  return timesteps;
}

// Standard deviation of the initial latent; with "leading" spacing the first σ is not the largest one of training.
double InitNoiseSigma(const Spacing& spacing, const std::vector<float>& sigmas) {
  const float max = *std::max_element(sigmas.begin(), sigmas.end());
  return spacing.kind == "leading" ? std::sqrt(max * max + 1.0f) : max;
}

// Of x/sqrt(σ² + 1) before each call, and of x = x0 + σ ε itself after the last.
std::vector<NoiseLevel> LevelsOf(const std::vector<float>& sigmas) {
  std::vector<NoiseLevel> levels;
  for (const double sigma : sigmas) {
    const double scale = 1 / std::sqrt(sigma * sigma + 1);
    levels.push_back({scale, sigma * scale, scale});
  }
  levels.back() = {1, sigmas.back(), 1};
  return levels;
}

void Resolve(Options* options, int steps) {
  const std::vector<double> timesteps = EulerTimesteps(options->spacing, options->noise.num_train_timesteps, steps);
  const std::vector<float> table = SigmaTable(PositiveAlphasCumprod(options->noise));
  if (!options->sigma_min) options->sigma_min = SigmaAt(table, timesteps.back());
  if (!options->sigma_max) options->sigma_max = SigmaAt(table, timesteps.front());
}

// The call at the noise level `sigma`, which goes down by dt < 0.
EulerCall MakeEulerCall(Prediction prediction, double timestep, float sigma, double dt) {
  EulerCall call{timestep, std::sqrt(sigma * sigma + 1.0f), 1 + dt / sigma, -dt / sigma};  // d = (x − x0)/σ
  if (prediction == Prediction::kEpsilon) {                                                // x0 = x − σ ε, d = ε
    call.x_weight = 1;
    call.output_weight = dt;
  } else if (prediction == Prediction::kVelocity) {  // x0 = x/(σ² + 1) − v σ/sqrt(σ² + 1)
    const double wide = sigma, s2 = wide * wide + 1;
    call.x_weight = 1 + dt * wide / s2;
    call.output_weight = dt / std::sqrt(s2);
  }
  return call;
}

class Euler final : public SchedulerBase {
 public:
  Euler(std::string type, std::string prediction_type, std::vector<EulerCall> calls, std::vector<NoiseLevel> levels,
        double init_noise_sigma)
      : SchedulerBase(std::move(type), static_cast<int>(calls.size())), calls_(std::move(calls)) {
    init_noise_sigma_ = init_noise_sigma;
    prediction_type_ = std::move(prediction_type);
    noise_levels_ = std::move(levels);
    for (const EulerCall& call : calls_) {
      timesteps_.push_back(call.timestep);
      noise_std_.push_back(call.noise_std);
    }
  }

  at::Tensor ScaleModelInput(const at::Tensor& sample, int call) const override {
    const double scale = calls_[Checked(call)].input_scale;
    return scale == 1 ? sample : at::div(sample, scale);
  }

  StepResult Step(const at::Tensor& sample, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(sample, model_output, call, state, 0, noise);
    const EulerCall& c = calls_[call];
    const at::Tensor x = sample.to(at::kFloat);
    at::Tensor next = c.x_weight == 1 ? at::add(x, model_output, c.output_weight)
                                      : at::mul(x, c.x_weight).add_(model_output, c.output_weight);
    if (UsesNoise(call)) next.add_(noise, NoiseStd(call));
    return {next.to(sample.scalar_type()), {}};
  }

 private:
  std::vector<EulerCall> calls_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakeEulerOf(std::string type, std::string prediction_type,
                                             std::vector<EulerCall> calls, std::vector<NoiseLevel> levels,
                                             double init_noise_sigma) {
  return std::make_shared<Euler>(std::move(type), std::move(prediction_type), std::move(calls), std::move(levels),
                                 init_noise_sigma);
}

std::shared_ptr<const Scheduler> MakeEuler(const EulerOptions& given, int steps) {
  Table().Validate(given);
  EulerOptions options = given;
  Resolve(&options, steps);
  const Prediction prediction = PredictionOf(options.prediction_type);
  const std::vector<float> table = SigmaTable(PositiveAlphasCumprod(options.noise));
  std::vector<double> timesteps = EulerTimesteps(options.spacing, options.noise.num_train_timesteps, steps);
  std::vector<float> sigmas;
  if (const SigmaRule rule = RuleOf(options.rules); rule == SigmaRule::kTimesteps) {
    for (double t : timesteps) sigmas.push_back(static_cast<float>(SigmaAt(table, t)));
  } else {  // placed anew, and the timesteps with them
    CheckSigmaEnds(*options.sigma_min, *options.sigma_max);
    const SigmaToTimestep to_timestep(table);
    const size_t calls = timesteps.size();
    timesteps.clear();
    for (double sigma : PlaceSigmas(rule, *options.sigma_max, *options.sigma_min, static_cast<int>(calls))) {
      timesteps.push_back(static_cast<float>(to_timestep(sigma)));
      sigmas.push_back(static_cast<float>(sigma));
    }
  }
  if (options.timestep_type == "continuous" && prediction == Prediction::kVelocity)
    for (size_t i = 0; i < sigmas.size(); ++i) timesteps[i] = 0.25f * portable::Log(sigmas[i]);
  sigmas.push_back(options.final_sigmas_type == "zero" ? 0.0f : table.front());
  std::vector<EulerCall> calls;
  for (size_t i = 0; i < timesteps.size(); ++i)
    calls.push_back(MakeEulerCall(prediction, timesteps[i], sigmas[i], sigmas[i + 1] - sigmas[i]));
  return MakeEulerOf("euler", NameOf(prediction), std::move(calls), LevelsOf(sigmas),
                     InitNoiseSigma(options.spacing, sigmas));
}

SchedulerType EulerType() {
  return DeclareScheduler("EulerDiscreteScheduler", "Euler's method on the probability flow ODE (arXiv 2206.00364)",
                          Table(), MakeEuler, Resolve);
}

std::shared_ptr<const Scheduler> MakeEulerAncestral(const EulerAncestralOptions& options, int steps) {
  AncestralTable().Validate(options);
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
  return MakeEulerOf("euler_ancestral", NameOf(prediction), std::move(calls), LevelsOf(sigmas),
                     InitNoiseSigma(options.spacing, sigmas));
}

SchedulerType EulerAncestralType() {
  return DeclareScheduler("EulerAncestralDiscreteScheduler", "ancestral sampling with Euler steps (k-diffusion)",
                          AncestralTable(), MakeEulerAncestral);
}

}  // namespace skipbench
