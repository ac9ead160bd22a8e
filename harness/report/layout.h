// The table as text in cells: what Markdown and LaTeX have in common.
#pragma once

#include <string>
#include <vector>

#include "harness/report/table.h"

namespace skipbench {

struct TableText {
  std::string caption;                            // which model, how sampled, on what
  std::vector<std::string> headings;              // the first column is the setting, the last one the outcome
  std::vector<std::vector<std::string>> cells;
  // A second table, of what would make the first too wide for a terminal: further metrics, and metrics of whole sets. Empty: none.
  std::vector<std::string> more_headings;
  std::vector<std::vector<std::string>> more_cells;
  std::vector<std::string> notes;                 // what "-" means, what the sweep cost
};

TableText Layout(const Table& table);

// The first and the last column are text, the others numbers.
std::string RenderMarkdown(const TableText& text);
std::string RenderLatex(const TableText& text);

}  // namespace skipbench
