#include "harness/schedulers/dpm_solver_schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/portable_math.h"

namespace skipbench {
namespace {

// One behind the last timestep whose λ = log(sqrt(ᾱ)/sqrt(1 − ᾱ)) is not below the limit.
int LastTimestep(const DpmSolverMultistepOptions& options, const std::vector<float>& alpha_bar) {
  const auto limit = static_cast<float>(options.lambda_min_clipped.value_or(-HUGE_VAL));
  const auto lambda = [&](int t) {
    return portable::Log(std::sqrt(alpha_bar[t])) - portable::Log(std::sqrt(1 - alpha_bar[t]));
  };
  int last = static_cast<int>(alpha_bar.size());
  while (last > 0 && lambda(last - 1) < limit) --last;
  if (last == 0) FailOption("lambda_min_clipped", "leaves no timestep");
  return last;
}

// An end of the σ rules.
double SigmaEnd(const std::optional<double>& given, const char* key, double fallback) {
  if (given && *given < 1e-10) FailOption(key, "expected a number of at least 1e-10, found {}", *given);
  return given.value_or(fallback);
}

// σ from nearly 1 to 0 (left out), shifted.
void AddFlowSigmas(const DpmSolverMultistepOptions& options, int steps, DpmSolverSchedule* schedule) {
  const int train = options.noise.num_train_timesteps;
  const double shift = options.mu ? portable::Exp(*options.mu) : options.flow_shift.value_or(1);
  const std::vector<double> alphas = Linspace(1, 1.0 / train, steps + 1);
  for (int i = steps; i > 0; --i) {
    double sigma = 1 - alphas[i];
    sigma = shift * sigma / (1 + (shift - 1) * sigma);
    schedule->timesteps.push_back(std::trunc(sigma * train));
    schedule->sigmas.push_back(static_cast<float>(sigma));
  }
}

}  // namespace

std::vector<int> SolverTimesteps(const Spacing& spacing, int train, int last, int steps) {
  std::vector<int> timesteps(steps);
  if (steps > last) FailOption("steps", "{} steps are more than the {} training timesteps", steps, last);
  if (spacing.kind == "trailing") return TrailingTimesteps(last, train, steps);
  if (spacing.kind == "linspace") {
    const std::vector<double> points = Linspace(0, last - 1, steps + 1);
    for (int i = 0; i < steps; ++i) timesteps[i] = static_cast<int>(std::nearbyint(points[steps - i]));
    return timesteps;
  }
  const int ratio = last / (steps + 1);
  if (ratio == 0)
    FailOption("steps", "with leading spacing at most {} steps fit into {} training timesteps, found {}", last - 1,
               last, steps);
  for (int i = 0; i < steps; ++i) timesteps[i] = (steps - i) * ratio + spacing.offset;
  if (timesteps.front() >= train)
    FailOption("steps_offset", "with {} steps timestep {} would be beyond the {} training timesteps", steps,
               timesteps.front(), train);
  return timesteps;
}

DpmSolverSchedule MakeDpmSolverSchedule(const DpmSolverMultistepOptions& options, int steps) {
  const int train = options.noise.num_train_timesteps;
  const std::vector<float> alpha_bar = PositiveAlphasCumprod(options.noise);
  const std::vector<float> table = SigmaTable(alpha_bar);
  const SigmaRule rule = RuleOf(options.rules);
  const int last = LastTimestep(options, alpha_bar);

  DpmSolverSchedule schedule;
  if (options.use_flow_sigmas) {
    AddFlowSigmas(options, steps, &schedule);
  } else if (rule == SigmaRule::kTimesteps) {
    for (int t : SolverTimesteps(options.spacing, train, last, steps)) {
      schedule.timesteps.push_back(t);
      schedule.sigmas.push_back(static_cast<float>(SigmaAt(table, t)));
    }
  } else {
    const SigmaToTimestep to_timestep(table);
    const bool lu = rule == SigmaRule::kLu;
    const double max = lu ? portable::Exp(static_cast<double>(to_timestep.log_max()))
                          : SigmaEnd(options.sigma_max, "sigma_max", table.back());
    const double min = lu ? portable::Exp(static_cast<double>(to_timestep.log_min()))
                          : SigmaEnd(options.sigma_min, "sigma_min", table.front());
    CheckSigmaEnds(min, max);
    const bool rounds = (rule == SigmaRule::kKarras || lu) && options.noise.beta_schedule != "squaredcos_cap_v2";
    for (double sigma : PlaceSigmas(lu ? SigmaRule::kExponential : rule, max, min, steps)) {
      const double t = to_timestep(sigma);
      schedule.timesteps.push_back(rounds ? std::nearbyint(t) : std::trunc(t));
      schedule.sigmas.push_back(static_cast<float>(sigma));
    }
  }
  schedule.sigmas.push_back(options.final_sigmas_type == "zero" ? 0.0f : table.front());
  return schedule;
}

}  // namespace skipbench
