// The timesteps and noise levels that DPM-Solver visits.
#pragma once

#include <vector>

#include "harness/schedulers/dpm_solver_multistep.h"

namespace skipbench {

struct DpmSolverSchedule {
  std::vector<double> timesteps;  // [calls], integers, descending
  std::vector<float> sigmas;      // [calls + 1]
};
// The timesteps below `last`, out of `train`, that DPM-Solver and UniPC visit, descending: "linspace" takes steps + 1
// points and drops the last, "leading" steps by last/(steps + 1).
std::vector<int> SolverTimesteps(const Spacing& spacing, int train, int last, int steps);

DpmSolverSchedule MakeDpmSolverSchedule(const DpmSolverMultistepOptions& options, int steps);

}  // namespace skipbench
