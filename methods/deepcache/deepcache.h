// DeepCache: full forwards at scheduled calls, shallow ones on cached features between them (Ma, Fang, Wang,
// "DeepCache: Accelerating Diffusion Models for Free", CVPR 2024). The schedules are the published ones (schedule.h);
// branches are numbered as by the pip package's helper, one higher than in the DDPM scripts.
#pragma once

#include "methods/catalog.h"

namespace skipbench {

struct DeepCacheOptions {
  enum class Schedule { kUniform, kQuadCenter, kQuad };
  // How a call is looked up in the schedule: by the first place of its timestep in the list of timesteps, as the
  // package's helper does (PNDM repeats a timestep, which shifts its schedule by one call), or by counting calls.
  enum class Index { kTimestep, kCall };
  int interval = 3;  // N: a full forward every N calls (on average, for the non-uniform schedules)
  int branch = 0;    // cache position
  Schedule schedule = Schedule::kUniform;
  double power = 1.2;  // of the non-uniform schedules
  int center = 15;     // of quad_center
  Index index = Index::kTimestep;
};

std::unique_ptr<Method> MakeDeepCache(const DeepCacheOptions& options);
MethodType DeepCacheType();

}  // namespace skipbench
