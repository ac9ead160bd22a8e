// The noise schedule of training: β_t and ᾱ_t = Π_{s<=t} (1 − β_s).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/schedulers/options.h"

namespace skipbench {

// What differs between diffusers' classes.
struct NoiseScheduleRules {
  bool zero_snr = true;                      // knows rescale_betas_zero_snr
  bool sigmoid = false;                      // knows the schedules "sigmoid" and "laplace"
  at::ScalarType dtype = at::kFloat;         // of the tables; diffusers' are float32
};

// ᾱ [num_train_timesteps], on the CPU; every value is in [0, 1). Options: num_train_timesteps 1000, beta_start 0.0001,
// beta_end 0.02, beta_schedule "linear" (or "scaled_linear", "squaredcos_cap_v2"), trained_betas,
// rescale_betas_zero_snr false. Made of the same tensor operations as in diffusers, hence the same bits.
at::Tensor ReadAlphasCumprod(const SchedulerOptions& options, const NoiseScheduleRules& rules = {});

// The same as numbers (exact for float32).
std::vector<float> ToFloats(const at::Tensor& table);

// The schedulers that work with σ cannot start at ᾱ = 0 (σ would be infinite): as diffusers does, the last ᾱ of a schedule
// rescaled to zero terminal SNR becomes 2^-24.
std::vector<float> ReadPositiveAlphasCumprod(const SchedulerOptions& options);

}  // namespace skipbench
