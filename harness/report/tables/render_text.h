// The table for people: Markdown and LaTeX.
#pragma once

#include <string>

#include "harness/report/tables/table_text.h"

namespace skipbench {

// The first and the last column are text, the others numbers.
std::string RenderMarkdown(const TableText& text);
// A table environment with booktabs' rules (\usepackage{booktabs,graphicx}).
std::string RenderLatex(const TableText& text);

// For people. A value that is not there is "-"; notes below the table say why.
std::string RenderMarkdown(const Table& table);
std::string RenderLatex(const Table& table);

}  // namespace skipbench
