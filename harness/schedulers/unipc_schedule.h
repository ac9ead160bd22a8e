// The timesteps and noise levels that UniPC visits.
#pragma once

#include <vector>

#include "harness/schedulers/unipc_multistep.h"

namespace skipbench {

struct UniPcSchedule {
  std::vector<double> timesteps;  // [calls], integers, descending
  std::vector<float> sigmas;      // [calls + 1]
};
UniPcSchedule MakeUniPcSchedule(const UniPcMultistepOptions& options, int steps);

}  // namespace skipbench
