// Euler's method on the ODE of flow matching: Lipman et al. 2022 (arXiv 2210.02747), Esser et al. 2024 (arXiv
// 2403.03206, section 5.3.2 for the shift); diffusers' FlowMatchEulerDiscreteScheduler. The network predicts the
// velocity ε - x0.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/flow_sigmas.h"
#include "harness/schedulers/sigmas.h"

namespace skipbench {

struct FlowMatchEulerOptions {
  int num_train_timesteps = 1000;
  double shift = 1;   // without use_dynamic_shifting
  FlowShift dynamic;  // its mu, where absent, is a line through these two lengths of the token sequence:
  double base_shift = 0.5, max_shift = 1.15;
  int base_image_seq_len = 256, max_image_seq_len = 4096;
  std::optional<int> image_seq_len;  // tokens of a picture, which the pipeline knows
  std::optional<double> shift_terminal;
  // What set_timesteps is given. Without either the scheduler starts from its largest and smallest σ, which are shifted
  // already, and shifts them again.
  bool sigma_ramp = false;                    // linspace(1, 1/N, N), as several pipelines give it
  std::optional<std::vector<double>> sigmas;  // one for each step, before they are shifted
  SigmaRules rules;                           // without use_lu_lambdas; between the first and the last shifted σ
  bool invert_sigmas = false;                 // 1 - σ is used, ascending to 1
  bool stochastic_sampling = false;           // the next sample is made of x0 and new noise
};

const OptionTable<FlowMatchEulerOptions>& FlowMatchEulerTable();

struct FlowMatchSchedule {
  std::vector<double> timesteps;  // [steps], float32 and fractional
  std::vector<float> sigmas;      // [steps + 1]
};
FlowMatchSchedule MakeFlowMatchSchedule(const FlowMatchEulerOptions& options, int steps);

std::shared_ptr<const Scheduler> MakeFlowMatchEuler(const FlowMatchEulerOptions& options, int steps);
SchedulerType FlowMatchEulerType();

}  // namespace skipbench
