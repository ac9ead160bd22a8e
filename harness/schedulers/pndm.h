// PNDM: Liu, Ren, Lin and Zhao 2022, "Pseudo Numerical Methods for Diffusion Models on Manifolds" (arXiv 2202.09778);
// diffusers' PNDMScheduler.
#pragma once

#include <memory>

#include "harness/schedulers/options.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// Options beside those of the noise schedule (no rescaling to zero SNR) and the spacing ("leading"):
//   prediction_type    epsilon (default), v_prediction
//   set_alpha_to_one   false: ᾱ_0 behind the last step, true: 1
//   skip_prk_steps     false (diffusers' default): the first three steps are Runge-Kutta steps of four predictions each,
//                      steps + 9 calls, at least 4 steps; true (what Stable Diffusion's file says): PLMS from the start, where
//                      the first step takes two predictions, steps + 1 calls (1 call for 1 step).
std::shared_ptr<const Scheduler> MakePndm(const SchedulerOptions& options, int steps);

}  // namespace skipbench
