// DeepCache: full forwards at scheduled calls, shallow ones on cached features between them (Ma, Fang, Wang,
// "DeepCache: Accelerating Diffusion Models for Free", CVPR 2024). The schedules are the published ones;
// branches are numbered as by the pip package's helper, one higher than in the DDPM scripts.
#pragma once

#include <vector>

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

// The published non-uniform schedules, ascending from 0, by README.md's formulas: `count` full steps out of `steps`,
// densest around `center`. Where points fall together p is lowered by 0.02 as long as it exceeds 1. Throws Error if no
// p gives `count`, or if the arguments are out of range (1 <= count <= steps, 0 <= center < steps, power > 1).
std::vector<int> QuadCenterSchedule(int steps, int count, int center, double power);

// Densest at the start; less than `count` where steps fall together (250 steps, power 1.5: 120 of 125). Throws Error
// unless 1 <= count <= steps and power >= 1.
std::vector<int> QuadSchedule(int steps, int count, double power);

}  // namespace skipbench
