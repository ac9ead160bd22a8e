// The verdict for a terminal.
#pragma once

#include <string>

#include "harness/analysis/verdict/verdict.h"

namespace skipbench {

// For a terminal of `width` columns, 40 or more; `colour`: with ANSI escapes.
std::string RenderVerdictText(const RunVerdict& verdict, const RunHeader& header, size_t width = 80,
                              bool colour = false);

}  // namespace skipbench
