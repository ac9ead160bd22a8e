// Kernel distances of features: KID (Binkowski et al. 2018) and its like.
#pragma once

#include "harness/measures/set_metric.h"

namespace skipbench {

// The unbiased estimator, over subsets; of pairs that of Gretton et al. 2012 (JMLR 13, lemma 6).
SetMetric KernelMetric(const std::string& name, const std::string& network);

}  // namespace skipbench
