#include "harness/schedulers/spacing.h"

#include <cmath>

namespace skipbench {

std::vector<double> Linspace(double start, double stop, int n) {
  std::vector<double> points(n);
  const double step = n > 1 ? (stop - start) / (n - 1) : 0;
  for (int i = 0; i < n; ++i) points[i] = i * step + start;
  if (n > 1) points[n - 1] = stop;
  return points;
}

Spacing ReadSpacing(const SchedulerOptions& options, const std::string& fallback) {
  Spacing spacing;
  spacing.kind = options.Choice("timestep_spacing", fallback, {"leading", "linspace", "trailing"});
  spacing.offset = static_cast<int>(options.Int("steps_offset", 0, 0, 1'000'000));
  spacing.train = static_cast<int>(options.Int("num_train_timesteps", 1000, 1, 1'000'000));
  return spacing;
}

std::vector<int> TrailingTimesteps(int last, int train, int steps) {
  const double ratio = static_cast<double>(train) / steps;
  const double delta = (last - ratio) - last;   // numpy.arange takes the difference of its first two values
  const int count = static_cast<int>(std::ceil(last / ratio));
  std::vector<int> timesteps;
  for (int i = 0; i < count; ++i) {
    const int t = static_cast<int>(std::nearbyint(last + i * delta)) - 1;
    if (t >= 0) timesteps.push_back(t);
  }
  return timesteps;
}

std::vector<int> IntegerTimesteps(const SchedulerOptions& options, const Spacing& spacing, int steps) {
  if (steps > spacing.train)
    Fail("scheduler {}: {} steps are more than the {} training timesteps", options.type(), steps, spacing.train);
  if (spacing.kind == "trailing") return TrailingTimesteps(spacing.train, spacing.train, steps);

  std::vector<int> timesteps(steps);
  if (spacing.kind == "linspace") {
    const std::vector<double> points = Linspace(0, spacing.train - 1, steps);
    for (int i = 0; i < steps; ++i) timesteps[i] = static_cast<int>(std::nearbyint(points[steps - 1 - i]));
  } else {
    const int ratio = spacing.train / steps;
    for (int i = 0; i < steps; ++i) timesteps[i] = (steps - 1 - i) * ratio + spacing.offset;
  }
  if (timesteps.front() >= spacing.train)
    options.FailAt("steps_offset", fmt::format("with {} steps the first timestep would be {}, beyond the {} training timesteps",
                                               steps, timesteps.front(), spacing.train));
  return timesteps;
}

}  // namespace skipbench
