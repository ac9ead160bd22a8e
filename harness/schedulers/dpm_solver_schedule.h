// The timesteps and noise levels that DPM-Solver visits.
#pragma once

#include <vector>

#include "harness/schedulers/dpm_solver_multistep.h"

namespace skipbench {

struct DpmSolverSchedule {
  std::vector<double> timesteps;  // [calls], integers, descending
  std::vector<float> sigmas;      // [calls + 1]
};
DpmSolverSchedule MakeDpmSolverSchedule(const DpmSolverMultistepOptions& options, int steps);

}  // namespace skipbench
