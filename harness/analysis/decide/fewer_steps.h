// Which settings beat fewer steps at their cost?
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/analysis/decide/question.h"

namespace skipbench {

// Throws Error for a metric that the run does not measure, and where there is nothing to interpolate between.
std::unique_ptr<Question> FewerStepsQuestion(const RunHeader& header, const DecideOptions& options);

}  // namespace skipbench
