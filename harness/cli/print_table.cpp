#include "harness/cli/print_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/report/tables/render_table.h"
#include "harness/report/tables/terminal.h"
#include "harness/report/tables/terminal_table.h"
#include "harness/report/tables/verdict_terminal.h"

namespace skipbench::cli {
namespace {

constexpr size_t kLeast = 40;

}  // namespace

size_t TerminalColumns(int width) { return std::max(kLeast, width > 0 ? static_cast<size_t>(width) : TerminalWidth()); }

void PrintVerdict(const skipbench::Table& table) {
  constexpr size_t kUsual = 80, kMost = 120;  // longer lines are hard to read
  const size_t width = OutputIsTerminal() ? std::min(TerminalColumns(0), kMost) : kUsual;
  fmt::print("\n{}", RenderVerdictText(table.verdict, table.header, width, WantsColour("auto")));
}

void PrintTable(const skipbench::Table& table) {
  fmt::print("\n{}\n",
             OutputIsTerminal() ? TerminalText(table, WholeView(table), 0, "auto", false) : RenderMarkdown(table));
}

std::string TerminalText(const skipbench::Table& table, const TableView& view, int width, const std::string& colour,
                         bool all_notes) {
  return RenderTerminal(table, view,
                        {.width = TerminalColumns(width), .colour = WantsColour(colour), .all_notes = all_notes});
}

}  // namespace skipbench::cli
