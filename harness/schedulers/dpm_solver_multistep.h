// DPM-Solver and DPM-Solver++, multistep: Lu et al. 2022 (arXiv 2206.00927 and 2211.01095); diffusers'
// DPMSolverMultistepScheduler.
#pragma once

#include <memory>

#include "harness/schedulers/options.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// Options beside those of the noise schedule, the spacing ("linspace") and thresholding:
//   algorithm_type      dpmsolver++ (default), sde-dpmsolver++, dpmsolver, sde-dpmsolver; the two without ++ need
//                       final_sigmas_type sigma_min. "deis" counts as dpmsolver++, as in diffusers.
//   solver_order        1, 2 (default), 3 (not with sde-dpmsolver)
//   solver_type         midpoint (default), heun; UniPC's and DEIS's names count as midpoint, as in diffusers
//   prediction_type     epsilon (default), sample, v_prediction
//   lower_order_final   true: with less than 15 steps the last two are of lower order; euler_at_final false: the last is Euler
//   final_sigmas_type   zero (default; the last step is then of first order), sigma_min
//   use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas, use_lu_lambdas   false
//   lambda_min_clipped  -infinity (as a string, "-inf", in JSON): timesteps with a smaller λ are not used
// The spacing differs from the other schedulers': "leading" steps by T/(steps + 1), "linspace" takes steps + 1 points and
// drops the last. Not supported: flow matching (use_flow_sigmas, flow_shift, use_dynamic_shifting), learned variances.
std::shared_ptr<const Scheduler> MakeDpmSolverMultistep(const SchedulerOptions& options, int steps);

}  // namespace skipbench
