// Tables and verdicts on the standard output: for whoever sits in front of a terminal, and for files.
#pragma once

#include <string>

#include "harness/analysis/table.h"
#include "harness/report/tables/table_view.h"

namespace skipbench::cli {

// In the terminal's width and colours; elsewhere as wide as a terminal usually is, without colours.
void PrintVerdict(const skipbench::Table& table);

// The table in a terminal's width and colours; elsewhere Markdown with all columns and notes.
void PrintTable(const skipbench::Table& table);

// `width`: 0 for the terminal's. `colour`: auto, always or never.
std::string TerminalText(const skipbench::Table& table, const TableView& view, int width, const std::string& colour,
                         bool all_notes);

// Columns that text is for: `width`, where it is 0 the terminal's; 40 or more.
size_t TerminalColumns(int width);

}  // namespace skipbench::cli
