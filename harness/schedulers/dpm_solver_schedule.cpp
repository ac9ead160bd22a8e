#include "harness/schedulers/dpm_solver_schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/portable_math.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/sigmas.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {
namespace {

double ReadLambdaMin(const SchedulerOptions& options) {
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  const Json* given = options.Find("lambda_min_clipped");
  const bool none = !given || given->is_null() || *given == "-inf" || *given == "-Infinity" || (given->is_number_float() && *given == kNone);
  return none ? kNone : options.Double("lambda_min_clipped", kNone, -HUGE_VAL, HUGE_VAL);
}

// One behind the last timestep whose λ = log(sqrt(ᾱ)/sqrt(1 − ᾱ)) is not below the limit.
int LastTimestep(const SchedulerOptions& options, const std::vector<float>& alpha_bar) {
  const auto limit = static_cast<float>(ReadLambdaMin(options));
  const auto lambda = [&](int t) {
    return portable::Log(std::sqrt(alpha_bar[t])) - portable::Log(std::sqrt(1 - alpha_bar[t]));
  };
  int last = static_cast<int>(alpha_bar.size());
  while (last > 0 && lambda(last - 1) < limit) --last;
  if (last == 0) options.FailAt("lambda_min_clipped", "leaves no timestep");
  return last;
}

std::vector<int> SpacedTimesteps(const SchedulerOptions& options, const Spacing& spacing, int last, int steps) {
  std::vector<int> timesteps(steps);
  if (steps > last)
    Fail("scheduler {}: {} steps are more than the {} training timesteps", options.type(), steps, last);
  if (spacing.kind == "trailing") return TrailingTimesteps(last, spacing.train, steps);
  if (spacing.kind == "linspace") {
    const std::vector<double> points = Linspace(0, last - 1, steps + 1);
    for (int i = 0; i < steps; ++i) timesteps[i] = static_cast<int>(std::nearbyint(points[steps - i]));
    return timesteps;
  }
  const int ratio = last / (steps + 1);
  if (ratio == 0)
    Fail("scheduler {}: with leading spacing at most {} steps fit into {} training timesteps, found {}", options.type(),
         last - 1, last, steps);
  for (int i = 0; i < steps; ++i) timesteps[i] = (steps - i) * ratio + spacing.offset;
  return timesteps;
}

// Ends of the σ rules. DPM-Solver has no options sigma_min and sigma_max, but diffusers finds those of a file that was
// written for another scheduler.
double SigmaEnd(const SchedulerOptions& options, const char* key, double fallback) {
  return options.FileDouble(key, fallback, 1e-10, HUGE_VAL);
}

}  // namespace

DpmSolverSchedule ReadDpmSolverSchedule(const SchedulerOptions& options, int steps) {
  const Spacing spacing = ReadSpacing(options, "linspace");
  const std::vector<float> alpha_bar = ReadPositiveAlphasCumprod(options);
  const std::vector<float> table = SigmaTable(alpha_bar);
  const SigmaRule rule = ReadSigmaRule(options, /*with_lu=*/true);
  const int last = LastTimestep(options, alpha_bar);

  DpmSolverSchedule schedule;
  if (rule == SigmaRule::kTimesteps) {
    for (int t : SpacedTimesteps(options, spacing, last, steps)) {
      if (t >= spacing.train)
        options.FailAt("steps_offset", fmt::format("with {} steps timestep {} would be beyond the {} training timesteps", steps,
                                                   t, spacing.train));
      schedule.timesteps.push_back(t);
      schedule.sigmas.push_back(static_cast<float>(SigmaAt(table, t)));
    }
  } else {
    const SigmaToTimestep to_timestep(table);
    const bool lu = rule == SigmaRule::kLu;
    const double max = lu ? portable::Exp(static_cast<double>(to_timestep.log_max())) : SigmaEnd(options, "sigma_max", table.back());
    const double min = lu ? portable::Exp(static_cast<double>(to_timestep.log_min())) : SigmaEnd(options, "sigma_min", table.front());
    CheckSigmaEnds(options, min, max);
    const bool rounds = (rule == SigmaRule::kKarras || lu) && options.String("beta_schedule", "linear") != "squaredcos_cap_v2";
    for (double sigma : PlaceSigmas(lu ? SigmaRule::kExponential : rule, max, min, steps)) {
      const double t = to_timestep(sigma);
      schedule.timesteps.push_back(rounds ? std::nearbyint(t) : std::trunc(t));
      schedule.sigmas.push_back(static_cast<float>(sigma));
    }
  }
  const bool to_zero = options.Choice("final_sigmas_type", "zero", {"zero", "sigma_min"}) == "zero";
  schedule.sigmas.push_back(to_zero ? 0.0f : table.front());
  return schedule;
}

}  // namespace skipbench
