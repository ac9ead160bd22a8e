// Ancestral sampling with Euler steps: k-diffusion's sample_euler_ancestral; diffusers'
// EulerAncestralDiscreteScheduler.
#pragma once

#include <memory>
#include <string>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {

struct EulerAncestralOptions {
  std::string prediction_type = "epsilon";
  NoiseSchedule noise;
  Spacing spacing{.kind = "linspace"};
};

std::shared_ptr<const Scheduler> MakeEulerAncestral(const EulerAncestralOptions& options, int steps);
SchedulerType EulerAncestralType();

}  // namespace skipbench
