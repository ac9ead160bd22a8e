// Which training timesteps a run visits: Lin et al. 2023 (arXiv 2305.08891), Table 2, in numpy's arithmetic.
#pragma once

#include <string>
#include <vector>

#include "harness/base/options.h"

namespace skipbench {

// numpy.linspace(start, stop, n): n = 1 gives {start}.
std::vector<double> Linspace(double start, double stop, int n);

struct Spacing {
  std::string kind = "leading";  // timestep_spacing: "leading", "linspace" or "trailing"
  int offset = 0;                // steps_offset, added by "leading" only
};
OptionTable<Spacing> SpacingTable();

// numpy.arange(last, 0, -train / steps), rounded, minus 1: the trailing timesteps, descending. For some 60 numbers of
// steps (61, 103, 121, ... of 1000) numpy's rounding yields a further timestep, -1, which is no timestep; it is left
// out here.
std::vector<int> TrailingTimesteps(int last, int train, int steps);

// The `steps` integer timesteps, out of `train`, of DDIM, DDPM, PNDM (and, but for linspace, of the Euler family),
// descending. Throws Error when there are more steps than timesteps, or when the offset leaves the training range.
std::vector<int> IntegerTimesteps(const Spacing& spacing, int train, int steps);

}  // namespace skipbench
