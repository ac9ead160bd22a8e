// How long a run will take, before it starts.
#pragma once

#include <string>

#include "harness/experiment/plan/plan.h"

namespace skipbench {

// Network evaluations of a run's sampling: if settings decide alike as much as they can, and if nothing is shared.
struct EvaluationRange {
  double least = 0, most = 0;
};
EvaluationRange CountEvaluations(const Plan& plan);

// Seconds of one guided prediction of one sample: the fastest of a few after a warm-up, for as long as about a second.
double MeasureForward(const Plan& plan);

// "32 samples, 9 settings: 1,600 to 7,378 network evaluations; at 3.2 ms each, measured for one sample alone, 5 s to 24
// s".
std::string DescribeTime(const Plan& plan, double forward_s);

}  // namespace skipbench
