// Precision and recall of features (Kynkäänniemi et al. 2019).
#pragma once

#include "harness/measures/set_metric.h"

namespace skipbench {

// Two values, "NAME precision" and "NAME recall".
SetMetric PrecisionRecallMetric(const std::string& name, const std::string& network);

}  // namespace skipbench
