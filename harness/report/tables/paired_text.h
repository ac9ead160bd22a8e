// Differences between settings as text.
#pragma once

#include <string>

#include "harness/analysis/paired_table.h"

namespace skipbench {

std::string RenderPairedMarkdown(const PairedTable& table);
// For programs, all digits.
std::string RenderPairedCsv(const PairedTable& table);
std::string RenderPairedJson(const PairedTable& table);

}  // namespace skipbench
