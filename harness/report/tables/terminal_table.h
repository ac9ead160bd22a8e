// The table for whoever sits in front of a terminal: as wide as that, with what all settings have in common above it.
#pragma once

#include <string>

#include "harness/analysis/table.h"
#include "harness/report/tables/table_view.h"

namespace skipbench {

struct TerminalOptions {
  size_t width = 80;       // columns, 40 or more
  bool colour = false;     // ANSI escapes: the Pareto set, differences that are certain
  bool all_notes = false;  // else what fits three lines
};

// Settings under the full run that they are compared with, by their short labels. Without chosen columns those that
// fit, the most telling first: cost, one metric with its interval, the difference from fewer steps, speed-up, ...
std::string RenderTerminal(const Table& table, const TableView& view, const TerminalOptions& options);

}  // namespace skipbench
