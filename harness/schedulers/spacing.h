// Which training timesteps a run visits: Lin et al. 2023 (arXiv 2305.08891), Table 2, in numpy's arithmetic.
#pragma once

#include <string>
#include <vector>

#include "harness/schedulers/options.h"

namespace skipbench {

// numpy.linspace(start, stop, n): n = 1 gives {start}.
std::vector<double> Linspace(double start, double stop, int n);

struct Spacing {
  std::string kind;       // "leading", "linspace" or "trailing"
  int offset = 0;         // steps_offset, added by "leading" only
  int train = 1000;       // num_train_timesteps
};
// Options: timestep_spacing (default `fallback`), steps_offset 0, num_train_timesteps 1000.
Spacing ReadSpacing(const SchedulerOptions& options, const std::string& fallback);

// numpy.arange(last, 0, -train / steps), rounded, minus 1: the trailing timesteps, descending. For some 60 numbers of steps
// (61, 103, 121, ... of 1000) numpy's rounding yields a further timestep, -1, which is no timestep; it is left out here.
std::vector<int> TrailingTimesteps(int last, int train, int steps);

// The `steps` integer timesteps of DDIM, DDPM, PNDM (and, but for linspace, of the Euler family), descending.
// Throws Error when there are more steps than timesteps, or when the offset leaves the training range.
std::vector<int> IntegerTimesteps(const SchedulerOptions& options, const Spacing& spacing, int steps);

}  // namespace skipbench
