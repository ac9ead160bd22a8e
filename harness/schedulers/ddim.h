// DDIM: Song, Meng and Ermon 2021, "Denoising Diffusion Implicit Models" (arXiv 2010.02502); diffusers' DDIMScheduler.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/prediction.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {

struct DdimOptions {
  std::string prediction_type = "epsilon";
  double eta = 0;                // 0 is DDIM, 1 has the variance of DDPM; an argument of step() in diffusers
  bool set_alpha_to_one = true;  // true: ᾱ = 1 behind the last step, else ᾱ_0
  NoiseSchedule noise;
  Spacing spacing;
  X0Limits limits{.clip = true};
};

// As in diffusers, a step goes from t to t − T/steps (integer division) whatever the spacing.
std::shared_ptr<const Scheduler> MakeDdim(const DdimOptions& options, int steps);
SchedulerType DdimType();

// One step of DDIM: from ᾱ to ᾱ_prev, with noise of the variance σ².
struct DdimCall {
  double timestep;
  double alpha, sigma;   // sqrt(ᾱ), sqrt(1 − ᾱ)
  double alpha_prev;     // sqrt(ᾱ_prev)
  double direction;      // sqrt(1 − ᾱ_prev − σ²)
  double noise_std = 0;  // σ
};
// DDIM by these steps; `type`: what the scheduler is called.
std::shared_ptr<const Scheduler> MakeDdimOf(std::string type, std::vector<DdimCall> calls, Prediction prediction,
                                            const X0Limits& limits);

}  // namespace skipbench
