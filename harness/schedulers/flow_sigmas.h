// Noise levels of flow matching, x = (1 - σ) x0 + σ ε with σ in (0, 1], and how they are shifted towards the noise.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/options.h"

namespace skipbench {

struct FlowShift {
  bool use_dynamic_shifting = false;            // by mu, which depends on the resolution, instead of a fixed shift
  std::string time_shift_type = "exponential";  // what mu is: "exponential", the shift's logarithm; "linear", the shift
  std::optional<double> mu;                     // with use_dynamic_shifting
};
// `types`: the values of time_shift_type that the class knows.
OptionTable<FlowShift> FlowShiftTable(std::vector<Json> types);

// What a pipeline that shifts by the resolution tells its scheduler: mu is a line through two lengths of the token
// sequence.
struct TokenShift {
  double base_shift = 0.5, max_shift = 1.15;
  int base_image_seq_len = 256, max_image_seq_len = 4096;
  std::optional<int> image_seq_len;  // tokens of a picture, which the pipeline knows; none: it gives no mu
};
// Those of a file, for schedulers that have no such options; diffusers' pipelines find them in its config.
OptionTable<TokenShift> FileTokenShiftTable();

// diffusers' calculate_shift: mu of a picture by its number of tokens (which is set).
double MuOf(const TokenShift& shift);

// The factor s of σ' = s σ / (1 + (s - 1) σ) that mu stands for.
double ShiftOf(const FlowShift& shift);

// Shifts by mu (which is set) with use_dynamic_shifting, by `fixed` without. Real is numpy's type for them: float64
// where a scheduler makes the σ itself, float32 where they are given to it.
template <typename Real>
void ShiftSigmas(const FlowShift& shift, double fixed, std::vector<Real>* sigmas);

// shift_terminal: 1 - σ is stretched so that the last σ becomes `terminal`. Nothing where that is null or 0.
template <typename Real>
void StretchSigmas(const std::optional<double>& terminal, std::vector<Real>* sigmas);

}  // namespace skipbench
