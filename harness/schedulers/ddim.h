// DDIM: Song, Meng and Ermon 2021, "Denoising Diffusion Implicit Models" (arXiv 2010.02502); diffusers' DDIMScheduler.
#pragma once

#include <memory>
#include <string>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/prediction.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {

struct DdimOptions {
  std::string prediction_type = "epsilon";
  double eta = 0;                          // 0 is DDIM, 1 has the variance of DDPM; an argument of step() in diffusers
  bool set_alpha_to_one = true;            // true: ᾱ = 1 behind the last step, else ᾱ_0
  NoiseSchedule noise;
  Spacing spacing;
  X0Limits limits{.clip = true};
};

// As in diffusers, a step goes from t to t − T/steps (integer division) whatever the spacing.
std::shared_ptr<const Scheduler> MakeDdim(const DdimOptions& options, int steps);
SchedulerType DdimType();

}  // namespace skipbench
