// The table as text.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/table.h"

namespace skipbench {

// The table in cells: what Markdown and LaTeX have in common.
struct TableText {
  std::string caption;                // which model, how sampled, on what
  std::vector<std::string> headings;  // the first column is the setting, the last one the outcome
  std::vector<std::vector<std::string>> cells;
  // A second table, of what would make the first too wide for a terminal: further metrics, and metrics of whole sets.
  // Empty: none.
  std::vector<std::string> more_headings;
  std::vector<std::vector<std::string>> more_cells;
  std::vector<std::string> notes;  // what "-" means, what the sweep cost
};

TableText Layout(const Table& table);

// What a run that decides was asked, and what its bounds are.
std::string DecisionNote(const RunDecisions& decisions);

}  // namespace skipbench
