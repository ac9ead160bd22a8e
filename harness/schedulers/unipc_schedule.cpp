#include "harness/schedulers/unipc_schedule.h"

#include <algorithm>
#include <cmath>

#include "harness/schedulers/dpm_solver_multistep.h"

namespace skipbench {
namespace {

using Options = UniPcMultistepOptions;

// σ from 1 to 1/T, shifted. A first σ of 1 would leave no signal, λ = -∞: it is moved by 1e-6, as in diffusers.
std::vector<double> FlowSigmas(const Options& options, int steps) {
  std::vector<double> sigmas = Linspace(1, 1.0 / options.noise.num_train_timesteps, steps + 1);
  sigmas.pop_back();
  ShiftSigmas(options.dynamic, options.flow_shift, &sigmas);
  StretchSigmas(options.shift_terminal, &sigmas);
  if (std::fabs(sigmas[0] - 1) < 1e-6) sigmas[0] -= 1e-6;
  return sigmas;
}

// σ of training, placed by a rule; with flow sigmas as the share σ/(σ + 1) of noise.
std::vector<double> RuleSigmas(const Options& options, SigmaRule rule, const std::vector<float>& table, int steps) {
  const double max = options.sigma_max.value_or(table.back()), min = options.sigma_min.value_or(table.front());
  CheckSigmaEnds(min, max);
  std::vector<double> sigmas = PlaceSigmas(rule, max, min, steps);
  if (options.use_flow_sigmas)
    for (double& sigma : sigmas) sigma /= sigma + 1;
  return sigmas;
}

// The timesteps of σ, integers. diffusers rounds those of Karras' rule and cuts the others.
std::vector<double> TimestepsOf(const Options& options, SigmaRule rule, const std::vector<float>& table,
                                const std::vector<double>& sigmas) {
  const SigmaToTimestep to_timestep(table);
  std::vector<double> timesteps;
  for (double sigma : sigmas) {
    if (options.use_flow_sigmas)
      timesteps.push_back(std::trunc(sigma * options.noise.num_train_timesteps));
    else if (rule == SigmaRule::kKarras)
      timesteps.push_back(std::nearbyint(to_timestep(sigma)));
    else
      timesteps.push_back(std::trunc(to_timestep(sigma)));
  }
  return timesteps;
}

}  // namespace

UniPcSchedule MakeUniPcSchedule(const UniPcMultistepOptions& options, int steps) {
  const int train = options.noise.num_train_timesteps;
  const SigmaRule rule = RuleOf(options.rules);
  const bool by_timesteps = rule == SigmaRule::kTimesteps && !options.use_flow_sigmas;
  const std::vector<float> table = SigmaTable(PositiveAlphasCumprod(options.noise));
  UniPcSchedule schedule;
  if (by_timesteps) {
    for (int t : SolverTimesteps(options.spacing, train, train, steps)) {
      schedule.timesteps.push_back(t);
      schedule.sigmas.push_back(static_cast<float>(SigmaAt(table, t)));
    }
  } else {
    const std::vector<double> sigmas =
        rule == SigmaRule::kTimesteps ? FlowSigmas(options, steps) : RuleSigmas(options, rule, table, steps);
    schedule.timesteps = TimestepsOf(options, rule, table, sigmas);
    schedule.sigmas.assign(sigmas.begin(), sigmas.end());
  }
  const float last = by_timesteps ? table.front() : schedule.sigmas.back();
  schedule.sigmas.push_back(options.final_sigmas_type == "zero" ? 0.0f : last);
  return schedule;
}

}  // namespace skipbench
