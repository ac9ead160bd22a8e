// DDIM: Song, Meng and Ermon 2021, "Denoising Diffusion Implicit Models" (arXiv 2010.02502); diffusers' DDIMScheduler.
#pragma once

#include <memory>

#include "harness/schedulers/options.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// Options beside those of the noise schedule, the spacing ("leading") and the limits on x0 (clip_sample true):
//   prediction_type    epsilon (default), sample, v_prediction
//   set_alpha_to_one   true: ᾱ = 1 behind the last step, else ᾱ_0
//   eta                0 (default) is DDIM, 1 has the variance of DDPM; in [0, 1]. An argument of step() in diffusers.
// As there, a step goes from t to t − T/steps (integer division) whatever the spacing.
std::shared_ptr<const Scheduler> MakeDdim(const SchedulerOptions& options, int steps);

}  // namespace skipbench
