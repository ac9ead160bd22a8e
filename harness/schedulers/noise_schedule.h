// The noise schedule of training: β_t and ᾱ_t = Π_{s<=t} (1 − β_s).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/options.h"

namespace skipbench {

struct NoiseSchedule {
  int num_train_timesteps = 1000;  // T
  double beta_start = 0.0001, beta_end = 0.02;
  std::string beta_schedule = "linear";
  std::optional<std::vector<double>> trained_betas;  // [T]; the three above are of no effect then
  bool rescale_betas_zero_snr = false;
};

// The options of NoiseSchedule that a class of diffusers has.
struct NoiseScheduleRules {
  bool zero_snr = true;  // knows rescale_betas_zero_snr
  bool sigmoid = false;  // knows the schedules "sigmoid" and "laplace"
};
OptionTable<NoiseSchedule> NoiseScheduleTable(const NoiseScheduleRules& rules = {});

// ᾱ [num_train_timesteps]; every value is in [0, 1).
//
// `Real` is float, as in diffusers, or double. The operations, their order and their type are diffusers'; each is
// rounded correctly, so the table is the same on every CPU. diffusers' own table depends on it: torch's float32
// linspace, square root and sigmoid are off by up to 1 ulp, differently by CPU. On a CPU with FMA the tables are equal
// but for rescale_betas_zero_snr and "sigmoid"; README.md of this folder says how far apart they can be.
template <typename Real>
std::vector<Real> AlphasCumprod(const NoiseSchedule& schedule);

// The schedulers that work with σ cannot start at ᾱ = 0 (σ would be infinite): as diffusers does, the last ᾱ of a
// schedule rescaled to zero terminal SNR becomes 2^-24.
std::vector<float> PositiveAlphasCumprod(const NoiseSchedule& schedule);

}  // namespace skipbench
