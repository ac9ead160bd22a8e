// Bounds on a mean by Student's t, for a number of values that was there beforehand: exact for normal values, right in
// the limit for others.
#pragma once

#include <cstdint>

#include "harness/stats/bootstrap.h"

namespace skipbench {

// Of n values with this mean and standard deviation; each bound is wrong with probability `alpha`, in (0, 0.5]. Where
// all values are equal there is nothing to estimate: both bounds are the mean. Infinite bounds with fewer than two
// values. Throws Error for another alpha.
MeanInterval StudentBounds(int64_t n, double mean, double deviation, double alpha);

}  // namespace skipbench
