// A comparison of two results as text.
#pragma once

#include <string>

#include "harness/analysis/compare.h"

namespace skipbench {

// For people, as a CI job shows it.
std::string RenderMarkdown(const Comparison& comparison, const CompareOptions& options);
std::string RenderJson(const Comparison& comparison);

}  // namespace skipbench
