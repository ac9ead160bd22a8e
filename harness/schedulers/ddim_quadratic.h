// The quadratic skipping of DDIM's own code (arXiv 2010.02502, appendix D.2; ddim/runners/diffusion.py, skip_type "quad"),
// with which DeepCache's CIFAR10 rows were made.
#pragma once

#include <memory>

#include "harness/schedulers/options.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// DDIM with η = 0 at the times trunc(linspace(0, sqrt(0.8 T), steps)²), ᾱ = 1 behind the last; x0 is never clipped. With many
// steps several of the last times are 0: such a step has no length and leaves the sample as it is (in exact arithmetic).
// The tables are float64. Options: those of the noise schedule and prediction_type.
std::shared_ptr<const Scheduler> MakeDdimQuadratic(const SchedulerOptions& options, int steps);

}  // namespace skipbench
