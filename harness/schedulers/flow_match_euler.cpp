#include "harness/schedulers/flow_match_euler.h"

#include <ATen/ATen.h>

#include "harness/schedulers/euler.h"
#include "harness/schedulers/scheduler_base.h"

namespace skipbench {
namespace {

using Options = FlowMatchEulerOptions;

// Why these σ cannot be given, or "".
std::string WhyNotSigmas(const Json& sigmas) {
  for (const Json& sigma : sigmas)
    if (!(sigma.get<double>() > 0 && sigma.get<double>() <= 1))
      return fmt::format("expected numbers in (0, 1], found {}", sigma.dump());
  return sigmas.empty() ? "expected a number for each step, found none" : "";
}

OptionTable<Options> MakeTable() {
  OptionTable<Options> table(
      "flow_match_euler",
      {Field("num_train_timesteps", &Options::num_train_timesteps)
           .Min(1)
           .Max(1'000'000)
           .Help("the network is told sigma times this"),
       Field("shift", &Options::shift)
           .Min(1e-6)
           .Max(1e6)
           .Help("of sigma, s in s sigma / (1 + (s - 1) sigma), without use_dynamic_shifting (arXiv 2403.03206)"),
       Field("base_shift", &Options::base_shift).Help("mu at base_image_seq_len tokens"),
       Field("max_shift", &Options::max_shift).Help("mu at max_image_seq_len tokens"),
       Field("base_image_seq_len", &Options::base_image_seq_len).Min(0).Help("tokens at which mu is base_shift"),
       Field("max_image_seq_len", &Options::max_image_seq_len).Min(1).Help("tokens at which mu is max_shift"),
       Field("image_seq_len", &Options::image_seq_len).Min(1).FromFile(),
       Field("shift_terminal", &Options::shift_terminal)
           .Min(0)
           .Max(0.999999)
           .Help("sigma of the last step, which the others are stretched to; 0: as it comes"),
       Field("sigma_ramp", &Options::sigma_ramp)
           .Help("start from linspace(1, 1/steps, steps), as pipelines give it, instead of shifting twice"),
       Field("sigmas", &Options::sigmas).Check(WhyNotSigmas).Help("sigma of every step before the shift"),
       Field("invert_sigmas", &Options::invert_sigmas).Help("use 1 - sigma, ascending to 1"),
       Field("stochastic_sampling", &Options::stochastic_sampling)
           .Help("make every sample of the predicted x0 and new noise")});
  table.Include(&Options::dynamic, FlowShiftTable({"exponential", "linear"}))
      .Include(&Options::rules, SigmaRulesTable(/*with_lu=*/false));
  table.Rule([](const Options& o) {
    if (o.sigma_ramp && o.sigmas) FailOption("sigma_ramp", "cannot be true where sigmas are given");
    if (o.max_image_seq_len <= o.base_image_seq_len)
      FailOption("max_image_seq_len", "expected more than base_image_seq_len, {}, found {}", o.base_image_seq_len,
                 o.max_image_seq_len);
  });
  return table;
}

// diffusers' calculate_shift: mu of a picture by its number of tokens.
void Resolve(Options* options, int) {
  Options& o = *options;
  if (!o.dynamic.use_dynamic_shifting || o.dynamic.mu || !o.image_seq_len) return;
  o.dynamic.mu = MuOf({o.base_shift, o.max_shift, o.base_image_seq_len, o.max_image_seq_len, o.image_seq_len});
  FlowMatchEulerTable().Validate(o);
}

// Shifted and stretched σ, largest first, in numpy's type for them.
template <typename Real>
std::vector<double> Shifted(const Options& options, std::vector<Real> sigmas) {
  ShiftSigmas(options.dynamic, options.shift, &sigmas);
  StretchSigmas(options.shift_terminal, &sigmas);
  return {sigmas.begin(), sigmas.end()};
}

std::vector<double> StartingSigmas(const Options& options, int steps) {
  if (options.sigmas || options.sigma_ramp) {
    const std::vector<double> given = options.sigmas ? *options.sigmas : Linspace(1, 1.0 / steps, steps);
    if (given.size() != static_cast<size_t>(steps))
      FailOption("sigmas", "expected one for each of {} steps, found {}", steps, given.size());
    return Shifted(options, std::vector<float>(given.begin(), given.end()));
  }
  const auto train = static_cast<float>(options.num_train_timesteps);
  std::vector<float> ends = {1, 1 / train};
  if (!options.dynamic.use_dynamic_shifting) ShiftSigmas({}, options.shift, &ends);
  std::vector<double> sigmas =
      Linspace(ends[0] * static_cast<double>(train), ends[1] * static_cast<double>(train), steps);
  for (double& sigma : sigmas) sigma /= options.num_train_timesteps;
  return Shifted(options, sigmas);
}

}  // namespace

const OptionTable<FlowMatchEulerOptions>& FlowMatchEulerTable() {
  static const OptionTable<Options> table = MakeTable();
  return table;
}

FlowMatchSchedule MakeFlowMatchSchedule(const FlowMatchEulerOptions& options, int steps) {
  std::vector<double> sigmas = StartingSigmas(options, steps);
  if (const SigmaRule rule = RuleOf(options.rules); rule != SigmaRule::kTimesteps)
    sigmas = PlaceSigmas(rule, sigmas.front(), sigmas.back(), steps);
  FlowMatchSchedule schedule;
  schedule.sigmas.assign(sigmas.begin(), sigmas.end());
  for (float& sigma : schedule.sigmas) {
    if (options.invert_sigmas) sigma = 1 - sigma;
    schedule.timesteps.push_back(sigma * static_cast<float>(options.num_train_timesteps));
  }
  schedule.sigmas.push_back(options.invert_sigmas ? 1.0f : 0.0f);
  return schedule;
}

std::shared_ptr<const Scheduler> MakeFlowMatchEuler(const FlowMatchEulerOptions& options, int steps) {
  FlowMatchEulerTable().Validate(options);
  FlowMatchEulerOptions resolved = options;
  Resolve(&resolved, steps);
  const FlowMatchSchedule schedule = MakeFlowMatchSchedule(resolved, steps);
  std::vector<EulerCall> calls;
  std::vector<NoiseLevel> levels;
  for (const double sigma : schedule.sigmas)
    levels.push_back(resolved.invert_sigmas ? NoiseLevel{sigma, 1 - sigma} : NoiseLevel{1 - sigma, sigma});
  for (int i = 0; i < steps; ++i) {
    const float sigma = schedule.sigmas[i], next = schedule.sigmas[i + 1];
    if (resolved.stochastic_sampling) {  // (1 - σ') x0 + σ' z with x0 = x - σ v
      const float left = 1 - next;
      calls.push_back({schedule.timesteps[i], 1, left, -left * sigma, next});
    } else {
      calls.push_back({schedule.timesteps[i], 1, 1, next - sigma});
    }
  }
  return MakeEulerOf("flow_match_euler", resolved.invert_sigmas ? "" : "flow_prediction", std::move(calls),
                     std::move(levels), 1);
}

SchedulerType FlowMatchEulerType() {
  return DeclareScheduler("FlowMatchEulerDiscreteScheduler",
                          "Euler's method on the ODE of flow matching (arXiv 2210.02747)", FlowMatchEulerTable(),
                          MakeFlowMatchEuler, Resolve);
}

}  // namespace skipbench
