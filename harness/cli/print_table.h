// Tables and verdicts on the standard output: for whoever sits in front of a terminal, and for files.
#pragma once

#include <string>

#include "harness/analysis/table.h"
#include "harness/cli/commands.h"
#include "harness/report/tables/table_view.h"

namespace skipbench::cli {

// In the terminal's width and colours; elsewhere as wide as a terminal usually is, without colours.
void PrintVerdict(const skipbench::Table& table);

// The table in a terminal's width and colours; elsewhere Markdown with all columns and notes.
void PrintTable(const skipbench::Table& table);

// The options --width and --color of commands that print text for terminals.
std::vector<Option> TextOptions();

// What they ask for.
struct TextShape {
  size_t width = 0;  // columns, 40 or more
  bool colour = false;
};
// Error where they are out of range, or given for another `format` than text, which has neither.
TextShape ShapeOf(const Values& values, const char* command, const std::string& format);

}  // namespace skipbench::cli
