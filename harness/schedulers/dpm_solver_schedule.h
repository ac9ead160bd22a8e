// The timesteps and noise levels that DPM-Solver visits.
#pragma once

#include <vector>

#include "harness/schedulers/options.h"

namespace skipbench {

struct DpmSolverSchedule {
  std::vector<double> timesteps;   // [calls], integers, descending
  std::vector<float> sigmas;       // [calls + 1]
};
DpmSolverSchedule ReadDpmSolverSchedule(const SchedulerOptions& options, int steps);

}  // namespace skipbench
