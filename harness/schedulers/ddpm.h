// DDPM: Ho, Jain and Abbeel 2020, "Denoising Diffusion Probabilistic Models" (arXiv 2006.11239); diffusers'
// DDPMScheduler.
#pragma once

#include <memory>
#include <string>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/prediction.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {

struct DdpmOptions {
  std::string prediction_type = "epsilon";
  // fixed_small is the posterior variance, fixed_large β. Not supported: learned variances, and fixed_large_log, of
  // whose logarithm diffusers takes the square root.
  std::string variance_type = "fixed_small";
  NoiseSchedule noise;  // also "sigmoid", "laplace"
  Spacing spacing;
  X0Limits limits{.clip = true};
};

std::shared_ptr<const Scheduler> MakeDdpm(const DdpmOptions& options, int steps);
SchedulerType DdpmType();

}  // namespace skipbench
