// Ancestral sampling with Euler steps: k-diffusion's sample_euler_ancestral; diffusers' EulerAncestralDiscreteScheduler.
#pragma once

#include <memory>

#include "harness/schedulers/options.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// Options beside those of the noise schedule and the spacing ("linspace"): prediction_type epsilon (default), v_prediction.
std::shared_ptr<const Scheduler> MakeEulerAncestral(const SchedulerOptions& options, int steps);

}  // namespace skipbench
