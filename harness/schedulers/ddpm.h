// DDPM: Ho, Jain and Abbeel 2020, "Denoising Diffusion Probabilistic Models" (arXiv 2006.11239); diffusers' DDPMScheduler.
#pragma once

#include <memory>

#include "harness/schedulers/options.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// Options beside those of the noise schedule (also "sigmoid", "laplace"), the spacing ("leading") and the limits on x0
// (clip_sample true):
//   prediction_type   epsilon (default), sample, v_prediction
//   variance_type     fixed_small (default; the posterior variance), fixed_small_log, fixed_large (β). Not supported: learned
//                     variances, and fixed_large_log, of whose logarithm diffusers takes the square root.
std::shared_ptr<const Scheduler> MakeDdpm(const SchedulerOptions& options, int steps);

}  // namespace skipbench
