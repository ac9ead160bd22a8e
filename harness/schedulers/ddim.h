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

// The quadratic skipping of DDIM's own code (arXiv 2010.02502, appendix D.2; ddim/runners/diffusion.py, skip_type
// "quad"), with which DeepCache's CIFAR10 rows were made.
struct DdimQuadraticOptions {
  std::string prediction_type = "epsilon";
  NoiseSchedule noise;  // without rescale_betas_zero_snr
};

// DDIM with η = 0 at the times trunc(linspace(0, sqrt(0.8 T), steps)²), ᾱ = 1 behind the last; x0 is never clipped.
// With many steps several of the last times are 0: such a step has no length and leaves the sample as it is (in exact
// arithmetic). The tables are float64.
std::shared_ptr<const Scheduler> MakeDdimQuadratic(const DdimQuadraticOptions& options, int steps);
SchedulerType DdimQuadraticType();

}  // namespace skipbench
