// Which settings are on the front of cost and a metric?
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/analysis/decide/question.h"

namespace skipbench {

// Throws Error for a metric that the run does not measure.
std::unique_ptr<Question> ParetoQuestion(const RunHeader& header, const DecideOptions& options);

}  // namespace skipbench
