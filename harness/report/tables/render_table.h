// The table as text: for people Markdown and LaTeX, for programs CSV and JSON.
#pragma once

#include <string>

#include "harness/report/tables/table_text.h"

namespace skipbench {

// The first and the last column are text, the others numbers. A value that is not there is "-"; notes below the table
// say why.
std::string RenderMarkdown(const TableText& text);
std::string RenderMarkdown(const Table& table);
// A table environment with booktabs' rules (\usepackage{booktabs,graphicx}).
std::string RenderLatex(const TableText& text);
std::string RenderLatex(const Table& table);

// All digits; a value that is not there is empty in CSV, null in JSON.
std::string RenderCsv(const Table& table);
std::string RenderJson(const Table& table);

}  // namespace skipbench
