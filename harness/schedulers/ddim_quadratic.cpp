#include "harness/schedulers/ddim_quadratic.h"

#include <algorithm>
#include <cmath>

#include "harness/schedulers/ddim.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {
namespace {

const OptionTable<DdimQuadraticOptions>& Table() {
  static const OptionTable<DdimQuadraticOptions> table =
      OptionTable<DdimQuadraticOptions>("ddim_quadratic", {PredictionField(&DdimQuadraticOptions::prediction_type)})
          .Include(&DdimQuadraticOptions::noise, NoiseScheduleTable({.zero_snr = false}));
  return table;
}

}  // namespace

std::shared_ptr<const Scheduler> MakeDdimQuadratic(const DdimQuadraticOptions& options, int steps) {
  Table().Validate(options);
  const std::vector<double> alpha_bar = AlphasCumprod<double>(options.noise);
  const std::vector<double> roots = Linspace(0, std::sqrt(static_cast<double>(alpha_bar.size()) * 0.8), steps);
  std::vector<DdimCall> calls;
  double a_prev = 1;
  for (const double root : roots) {  // from the last step to the first
    const double t = std::trunc(root * root), a = alpha_bar[static_cast<size_t>(t)];
    calls.push_back({t, std::sqrt(a), std::sqrt(1 - a), std::sqrt(a_prev), std::sqrt(1 - a_prev)});
    a_prev = a;
  }
  std::reverse(calls.begin(), calls.end());
  return MakeDdimOf("ddim_quadratic", std::move(calls), PredictionOf(options.prediction_type), {});
}

SchedulerType DdimQuadraticType() {
  return DeclareScheduler("", "DDIM with quadratic skipping, as in its own code (skip_type \"quad\")", Table(),
                          MakeDdimQuadratic);
}

}  // namespace skipbench
