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

OptionTable<Spacing> SpacingTable() {
  return OptionTable<Spacing>(
      "timestep spacing",
      {Field("timestep_spacing", &Spacing::kind)
           .Supported({"leading", "linspace", "trailing"})
           .Help("which training timesteps are visited (arXiv 2305.08891)"),
       Field("steps_offset", &Spacing::offset).Min(0).Max(1'000'000).Help("added to them with \"leading\"")});
}

std::vector<int> TrailingTimesteps(int last, int train, int steps) {
  const double ratio = static_cast<double>(train) / steps;
  const double delta = (last - ratio) - last;  // numpy.arange takes the difference of its first two values
  const int count = static_cast<int>(std::ceil(last / ratio));
  std::vector<int> timesteps;
  for (int i = 0; i < count; ++i) {
    const int t = static_cast<int>(std::nearbyint(last + i * delta)) - 1;
    if (t >= 0) timesteps.push_back(t);
  }
  return timesteps;
}

std::vector<int> IntegerTimesteps(const Spacing& spacing, int train, int steps) {
  if (steps > train) FailOption("steps", "{} steps are more than the {} training timesteps", steps, train);
  if (spacing.kind == "trailing") return TrailingTimesteps(train, train, steps);

  std::vector<int> timesteps(steps);
  if (spacing.kind == "linspace") {
    const std::vector<double> points = Linspace(0, train - 1, steps);
    for (int i = 0; i < steps; ++i) timesteps[i] = static_cast<int>(std::nearbyint(points[steps - 1 - i]));
  } else {
    const int ratio = train / steps;
    for (int i = 0; i < steps; ++i) timesteps[i] = (steps - 1 - i) * ratio + spacing.offset;
  }
  if (timesteps.front() >= train)
    FailOption("steps_offset", "with {} steps the first timestep would be {}, beyond the {} training timesteps", steps,
               timesteps.front(), train);
  return timesteps;
}

}  // namespace skipbench
