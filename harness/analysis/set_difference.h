// The difference of a metric of whole sets between two settings, or two results, over the same samples.
#pragma once

#include <cstdint>

#include "harness/measures/measured_value.h"

namespace skipbench {

// The interval is that of a jackknife that leaves the same blocks of samples out of both values; what the samples have
// in common cancels. NaN where a value is not known without its blocks.
struct SetDifference {
  double difference = 0;  // a - b
  double standard_error = 0, low = 0, high = 0;
  int64_t count = 0;  // samples
};

// Both must have a value. `level`: of the interval, in (0, 1).
SetDifference DifferenceOf(const MeasuredValue& a, const MeasuredValue& b, double level = 0.95);

}  // namespace skipbench
