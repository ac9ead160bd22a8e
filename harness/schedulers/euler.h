// Euler's method on the probability flow ODE: Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based
// Generative Models" (arXiv 2206.00364), algorithm 2 without churn and second order; diffusers' EulerDiscreteScheduler.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/sigmas.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {

struct EulerOptions {
  std::string prediction_type = "epsilon";
  std::string final_sigmas_type = "zero";     // "sigma_min": the smallest σ of training
  std::string timestep_type = "discrete";     // "continuous" with v_prediction tells the network log(σ)/4
  std::string interpolation_type = "linear";  // log_linear is not supported
  SigmaRules rules;
  std::optional<double> sigma_min, sigma_max;  // ends of the rules; absent: the σ at the last and the first timestep
  NoiseSchedule noise;
  Spacing spacing{.kind = "linspace"};
};

std::shared_ptr<const Scheduler> MakeEuler(const EulerOptions& options, int steps);
SchedulerType EulerType();

}  // namespace skipbench
