// Frechet distances of features: FID, sFID, FVD and their like.
#pragma once

#include "harness/measures/set_metric.h"

namespace skipbench {

// float64, unbiased covariances; nothing is added to a diagonal.
SetMetric FrechetMetric(const std::string& name, const std::string& network);

}  // namespace skipbench
