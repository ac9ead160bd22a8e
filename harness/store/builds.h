// Which skipbench made a result: one build, or several where it was resumed or made in parts.
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

// "skipbench 0.1.0 (9ebbb61ccce6, modified)"; of several builds all of them, each once, in their order: "... and 0.1.0
// (06afd5e51f10)".
std::string DescribeBuilds(const std::vector<Json>& environments);

}  // namespace skipbench
