// Full trajectories of a plan's samples, one after the other, for what is measured on them beforehand.
#pragma once

#include <functional>
#include <vector>

#include "harness/experiment/plan/plan.h"
#include "harness/sampling/denoiser.h"

namespace skipbench {

// The full run of a config that has one way of sampling. Throws Error naming them where it has several.
const PlannedSetting& OnlyFullRun(const Plan& plan);

struct FullCall {
  int64_t sample = 0;  // place in the plan
  int call = 0;
  Denoiser& denoiser;
  const DenoiserInput& input;    // of one row
  const DenoiserOutput& output;  // with `keep`
};

// Goes through the first `samples` of the plan, call by call; every forward keeps `keep`.
void VisitFullRuns(const Plan& plan, const PlannedSetting& full, int64_t samples, const std::vector<CacheSite>& keep,
                   const std::function<void(const FullCall&)>& visit);

// Model, scheduler with its options, guidance: what a measured file has to say of where it comes from.
Json DescribeFullRun(const Plan& plan, const PlannedSetting& full, int64_t samples);

}  // namespace skipbench
