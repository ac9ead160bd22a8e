#include "harness/schedulers/euler.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/base/portable_math.h"
#include "harness/schedulers/euler_common.h"
#include "harness/schedulers/scheduler_base.h"

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

void Resolve(Options* options, int steps) {
  const std::vector<double> timesteps = EulerTimesteps(options->spacing, options->noise.num_train_timesteps, steps);
  const std::vector<float> table = SigmaTable(PositiveAlphasCumprod(options->noise));
  if (!options->sigma_min) options->sigma_min = SigmaAt(table, timesteps.back());
  if (!options->sigma_max) options->sigma_max = SigmaAt(table, timesteps.front());
}

class Euler final : public SchedulerBase {
 public:
  // `options` are resolved.
  Euler(const Options& options, int steps) : SchedulerBase("euler", steps) {
    const Prediction prediction = PredictionOf(options.prediction_type);
    const std::vector<float> table = SigmaTable(PositiveAlphasCumprod(options.noise));
    const bool ends_at_zero = options.final_sigmas_type == "zero";

    timesteps_ = EulerTimesteps(options.spacing, options.noise.num_train_timesteps, steps);
    std::vector<float> sigmas = Sigmas(options, table);
    if (options.timestep_type == "continuous" && prediction == Prediction::kVelocity)
      for (size_t i = 0; i < sigmas.size(); ++i) timesteps_[i] = 0.25f * portable::Log(sigmas[i]);
    sigmas.push_back(ends_at_zero ? 0.0f : table.front());
    init_noise_sigma_ = InitNoiseSigma(options.spacing, sigmas);

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
  std::vector<float> Sigmas(const Options& options, const std::vector<float>& table) {
    std::vector<double> sigmas;
    for (double t : timesteps_) sigmas.push_back(SigmaAt(table, t));
    if (const SigmaRule rule = RuleOf(options.rules); rule != SigmaRule::kTimesteps) {
      CheckSigmaEnds(*options.sigma_min, *options.sigma_max);
      sigmas = PlaceSigmas(rule, *options.sigma_max, *options.sigma_min, calls());
      const SigmaToTimestep to_timestep(table);
      for (size_t i = 0; i < sigmas.size(); ++i) timesteps_[i] = static_cast<float>(to_timestep(sigmas[i]));
    }
    return {sigmas.begin(), sigmas.end()};
  }

  std::vector<double> input_scale_;
  std::vector<EulerWeights> weights_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakeEuler(const EulerOptions& options, int steps) {
  Table().Validate(options);
  EulerOptions resolved = options;
  Resolve(&resolved, steps);
  return std::make_shared<Euler>(resolved, steps);
}

SchedulerType EulerType() {
  return DeclareScheduler("EulerDiscreteScheduler", "Euler's method on the probability flow ODE (arXiv 2206.00364)",
                          Table(), MakeEuler, Resolve);
}

}  // namespace skipbench
