#include "harness/cli/print_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/report/tables/render_table.h"
#include "harness/report/tables/terminal.h"
#include "harness/report/tables/terminal_table.h"
#include "harness/report/tables/verdict_terminal.h"

namespace skipbench::cli {
namespace {

constexpr size_t kLeast = 40;  // columns that text needs
constexpr int64_t kMostGiven = 10'000;
const Texts kColours = {"auto", "always", "never"};

}  // namespace

void PrintVerdict(const skipbench::Table& table) {
  constexpr size_t kUsual = 80, kMost = 120;  // longer lines are hard to read
  const size_t width = OutputIsTerminal() ? std::clamp(TerminalWidth(), kLeast, kMost) : kUsual;
  fmt::print("\n{}", RenderVerdictText(table.verdict, table.header, width, WantsColour("auto")));
}

void PrintTable(const skipbench::Table& table) {
  fmt::print("\n{}\n",
             OutputIsTerminal()
                 ? RenderTerminal(
                       table, WholeView(table),
                       {.width = std::max(kLeast, TerminalWidth()), .colour = WantsColour("auto"), .all_notes = false})
                 : RenderMarkdown(table));
}

std::vector<Option> TextOptions() {
  std::vector<Option> options;
  options.push_back(Default<int64_t>("width", 0, "columns of text, 40 or more; 0: the terminal's"));
  options.push_back(
      Default<std::string>("color", "auto", "of text; auto: in a terminal, unless NO_COLOR is set").Of(kColours));
  return options;
}

TextShape ShapeOf(const Values& values, const char* command, const std::string& format) {
  const int64_t width = values.Number<int64_t>("width", 0, kMostGiven);
  const std::string colour = values.Choice("color", kColours);
  const char* given = width != 0 ? "width" : colour != "auto" ? "color" : nullptr;
  if (given && format != "text")
    Fail("skipbench {}: --{} is of text for terminals; here is {} (--format text)", command, given, format);
  return {.width = std::max(kLeast, width > 0 ? static_cast<size_t>(width) : TerminalWidth()),
          .colour = WantsColour(colour)};
}

}  // namespace skipbench::cli
