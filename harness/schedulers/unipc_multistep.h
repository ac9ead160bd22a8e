// UniPC, multistep: Zhao et al. 2023 (arXiv 2302.04867), a predictor UniP and a corrector UniC that needs no further
// prediction, on the schedules of diffusion and of flow matching; diffusers' UniPCMultistepScheduler.
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

// Not supported: solver_p, another scheduler as the predictor.
struct UniPcMultistepOptions {
  std::string prediction_type = "epsilon";  // also sample, v_prediction, and flow_prediction with use_flow_sigmas
  int solver_order = 2;                     // of the predictor; the corrector's is one more
  std::string solver_type = "bh2";     // B(h) = e^h - 1, or bh1: h; DPM-Solver's names count as bh2, as in diffusers
  bool predict_x0 = true;              // the data prediction is integrated; false: ε is
  bool lower_order_final = true;       // the last steps are of the orders ..., 2, 1
  std::vector<int> disable_corrector;  // the calls whose samples are not corrected
  std::string final_sigmas_type = "zero";  // or sigma_min, which bh1 and predict_x0 false need
  bool use_flow_sigmas = false;            // x = (1 - σ) x0 + σ ε; beta and spacing are then of no effect
  double flow_shift = 1;
  FlowShift dynamic;
  TokenShift tokens;  // its mu, where absent
  std::optional<double> shift_terminal;
  SigmaRules rules;                            // without use_lu_lambdas
  std::optional<double> sigma_min, sigma_max;  // ends of the rules; absent: the σ of training
  Json solver_p;
  NoiseSchedule noise;
  Spacing spacing{.kind = "linspace"};  // as DPM-Solver's
  X0Limits limits;                      // without clip_sample; with predict_x0
};

const OptionTable<UniPcMultistepOptions>& UniPcMultistepTable();

std::shared_ptr<const Scheduler> MakeUniPcMultistep(const UniPcMultistepOptions& options, int steps);
SchedulerType UniPcMultistepType();

}  // namespace skipbench
