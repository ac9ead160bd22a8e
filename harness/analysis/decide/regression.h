// Is anything worse than in a baseline?
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/analysis/decide/question.h"

namespace skipbench {

// Of `metrics`, whose columns "baseline/METRIC" have the baseline's values.
std::unique_ptr<Question> RegressionQuestion(const RunHeader& header, const DecideOptions& options,
                                             const std::vector<std::string>& metrics);

}  // namespace skipbench
