// PNDM: Liu, Ren, Lin and Zhao 2022, "Pseudo Numerical Methods for Diffusion Models on Manifolds" (arXiv 2202.09778);
// diffusers' PNDMScheduler.
#pragma once

#include <memory>
#include <string>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {

struct PndmOptions {
  std::string prediction_type = "epsilon";
  bool set_alpha_to_one = false;  // false: ᾱ_0 behind the last step, true: 1
  // False: the first three steps are Runge-Kutta steps of four predictions each, steps + 9 calls, at least 4 steps.
  // True (what Stable Diffusion's file says): PLMS from the start, where the first step takes two predictions, steps +
  // 1 calls (1 call for 1 step).
  bool skip_prk_steps = false;
  NoiseSchedule noise;  // without rescale_betas_zero_snr
  Spacing spacing;
};

std::shared_ptr<const Scheduler> MakePndm(const PndmOptions& options, int steps);
SchedulerType PndmType();

}  // namespace skipbench
