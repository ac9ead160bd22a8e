// DPM-Solver and DPM-Solver++, multistep: Lu et al. 2022 (arXiv 2206.00927 and 2211.01095); diffusers'
// DPMSolverMultistepScheduler.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/flow_sigmas.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/prediction.h"
#include "harness/schedulers/sigmas.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {

// Not supported: learned variances.
struct DpmSolverMultistepOptions {
  std::string prediction_type = "epsilon";  // also flow_prediction, with use_flow_sigmas
  // Also sde-dpmsolver++, dpmsolver, sde-dpmsolver; the two without ++ need final_sigmas_type sigma_min. "deis" counts
  // as dpmsolver++, as in diffusers.
  std::string algorithm_type = "dpmsolver++";
  int solver_order = 2;                      // 1, 2, 3; 3 not with sde-dpmsolver
  std::string solver_type = "midpoint";      // or heun; UniPC's and DEIS's names count as midpoint, as in diffusers
  bool lower_order_final = true;             // with less than 15 steps the last two are of lower order
  bool euler_at_final = false;               // the last step is one of Euler
  std::string final_sigmas_type = "zero";    // the last step is then of first order; or sigma_min
  std::optional<double> lambda_min_clipped;  // timesteps with a smaller λ are not used; absent: all are
  bool use_flow_sigmas = false;      // flow matching: x = (1 - σ) x0 + σ ε; beta and spacing are then of no effect
  std::optional<double> flow_shift;  // absent: 1
  bool use_dynamic_shifting = false;
  std::optional<double> mu;            // with use_dynamic_shifting: the shift's logarithm, instead of flow_shift
  TokenShift tokens;                   // mu, where absent
  std::string variance_type = "none";  // of files written for DDPM; means nothing here unless it is learned
  SigmaRules rules;
  // Ends of the rules (absent: the σ of training); DPM-Solver has no such options, but diffusers finds those of a file
  // that was written for another scheduler.
  std::optional<double> sigma_min, sigma_max;
  NoiseSchedule noise;
  Spacing spacing{
      .kind = "linspace"};  // "leading" steps by T/(steps + 1), "linspace" takes steps + 1 points and drops the last
  X0Limits limits;          // without clip_sample
};

const OptionTable<DpmSolverMultistepOptions>& DpmSolverMultistepTable();

// The timesteps and noise levels that are visited.
struct DpmSolverSchedule {
  std::vector<double> timesteps;  // [calls], integers, descending
  std::vector<float> sigmas;      // [calls + 1]
};

// The timesteps below `last`, out of `train`, that DPM-Solver and UniPC visit, descending: "linspace" takes steps + 1
// points and drops the last, "leading" steps by last/(steps + 1).
std::vector<int> SolverTimesteps(const Spacing& spacing, int train, int last, int steps);

DpmSolverSchedule MakeDpmSolverSchedule(const DpmSolverMultistepOptions& options, int steps);

std::shared_ptr<const Scheduler> MakeDpmSolverMultistep(const DpmSolverMultistepOptions& options, int steps);
SchedulerType DpmSolverMultistepType();

}  // namespace skipbench
