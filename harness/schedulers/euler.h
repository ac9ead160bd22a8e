// Euler's method on the probability flow ODE: Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based
// Generative Models" (arXiv 2206.00364), algorithm 2 without churn and second order; diffusers' EulerDiscreteScheduler.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/prediction.h"
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

// One call of an Euler scheduler, whose latents are x = x0 + σ ε:
//   x + dt · d + noise_std · n = x_weight · x + output_weight · model_output + noise_std · n,  d = (x − x0)/σ,
// x0 from the prediction at x/sqrt(σ² + 1), what the network is given.
struct EulerCall {
  double timestep;
  double input_scale;  // sqrt(σ² + 1), 1 in flow matching
  double x_weight, output_weight;
  double noise_std = 0;
};
// Euler's method by these calls; `type`: what the scheduler is called, `prediction_type` and `levels` [calls + 1]:
// Scheduler's. Steps are float32 as in diffusers.
std::shared_ptr<const Scheduler> MakeEulerOf(std::string type, std::string prediction_type,
                                             std::vector<EulerCall> calls, std::vector<NoiseLevel> levels,
                                             double init_noise_sigma);

// Ancestral sampling with Euler steps: k-diffusion's sample_euler_ancestral; diffusers'
// EulerAncestralDiscreteScheduler.
struct EulerAncestralOptions {
  std::string prediction_type = "epsilon";
  NoiseSchedule noise;
  Spacing spacing{.kind = "linspace"};
};

std::shared_ptr<const Scheduler> MakeEulerAncestral(const EulerAncestralOptions& options, int steps);
SchedulerType EulerAncestralType();

}  // namespace skipbench
