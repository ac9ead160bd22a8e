// What a result knows about skip paths, as text.
#pragma once

#include <string>

#include "harness/analysis/path_table.h"

namespace skipbench {

std::string RenderMarkdown(const PathTable& table);
std::string RenderLatex(const PathTable& table);
std::string RenderCsv(const PathTable& table);
std::string RenderJson(const PathTable& table);

}  // namespace skipbench
