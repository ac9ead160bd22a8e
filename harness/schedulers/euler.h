// Euler's method on the probability flow ODE: Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative
// Models" (arXiv 2206.00364), algorithm 2 without churn and second order; diffusers' EulerDiscreteScheduler.
#pragma once

#include <memory>

#include "harness/schedulers/options.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// Options beside those of the noise schedule and the spacing ("linspace"):
//   prediction_type      epsilon (default), sample (also "original_sample"), v_prediction
//   use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas   false; sigma_min, sigma_max their ends (default: the σ at the
//                        first and the last timestep)
//   final_sigmas_type    zero (default), sigma_min (the smallest σ of training)
//   timestep_type        discrete (default); continuous with v_prediction tells the network log(σ)/4
//   interpolation_type   linear (default); log_linear is not supported
std::shared_ptr<const Scheduler> MakeEuler(const SchedulerOptions& options, int steps);

}  // namespace skipbench
