// Measures what mag_cache decides by: how much larger what a network's blocks add to a sample's tokens is than at the
// call before.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/experiment/calibrate/full_runs.h"

namespace skipbench {

// mean over tokens of ||R_i|| / (||R_{i-1}|| + 1e-8) along trajectories, and its mean over them.
class ResidualRatios {
 public:
  explicit ResidualRatios(int calls) : calls_(calls) {}
  // The residual of a call [guidance rows, 1, tokens, dim]; the calls of a trajectory in order, from 0.
  void Add(int call, const at::Tensor& residual);
  std::vector<std::vector<double>> Means() const;  // [guidance rows][calls]

 private:
  int calls_;
  int64_t trajectories_ = 0;
  at::Tensor sums_, before_;  // [guidance rows, calls], float64; [guidance rows, tokens]
};

// mean over tokens and samples of ||R_i|| / (||R_{i-1}|| + 1e-8), R of all blocks, for each guidance row, as the
// calibration of diffusers' hook has it for one sample; 1 for call 0. A file for the method's `mag_ratios`.
// Throws UnsupportedError where the network is no stack of blocks, Error where OnlyFullRun() does, or where a residual
// is zero.
Json MeasureResidualRatios(const Plan& plan, int64_t samples,
                           const std::function<void(double share, const std::string& what)>& progress);

}  // namespace skipbench
