// How much slower something became, from a few repeats of each: times are noisy, never negative, and sometimes far too
// long.
#pragma once

#include <span>

namespace skipbench {

struct TimeRatio {
  double ratio = 0;  // median(after) / median(before): one slow repeat does not move it
  // Two-sided interval of the ratio of geometric means by Welch's t test on the logarithms (Welch 1947, Satterthwaite's
  // degrees of freedom). NaN with fewer than two times on either side.
  double low = 0, high = 0;
};

// Throws Error without times on both sides, for a time that is not positive and finite, and for a level outside (0, 1).
TimeRatio CompareTimes(std::span<const double> before, std::span<const double> after, double level = 0.95);

}  // namespace skipbench
