#include <algorithm>

#include "harness/analysis/set_distances.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/cli/print_table.h"
#include "harness/report/tables/compare_text.h"
#include "harness/report/tables/path_text.h"
#include "harness/report/tables/render_table.h"
#include "harness/report/tables/terminal.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {
namespace {

constexpr const char* kViewOptions[] = {"columns", "sort", "filter"};

std::vector<Option> Options() {
  return {
      Input("results: folders (finished or not) or results.h5 files"),
      Flag("paths", "skip paths instead: those that were searched, and how estimated ones compare with them"),
      Optional<std::string>("format,f",
                            "text, markdown, latex, csv or json (default: text in a terminal, else markdown)"),
      Optional<std::string>("columns,c",
                            "a,b,c: these columns, the settings' parameters among them; a name that is not there "
                            "lists all. Of csv the names in its head"),
      Optional<std::string>("sort,s", "rows by this column; -COLUMN: the largest first"),
      Repeated("filter",
               "rows whose label has this text, or COLUMN<VALUE (<, <=, >, >=, =, !=); given again, both must hold"),
      Flag("notes", "of text: all notes, not three lines of them"),
      Default<int>("width", 0, "columns of text; 0: the terminal's"),
      Default<std::string>("color", "auto", "of text: auto (in a terminal, unless NO_COLOR is set), always or never"),
      Optional<std::string>("paired",
                            "differences of every setting to this one (its label) on the same samples, instead "
                            "of the table"),
      Unchecked()};
}

// What to print: "text" for whoever looks at a terminal.
std::string FormatOf(const Values& values, bool other) {
  if (values.Has("format"))
    return values.Has("paired") ? values.Choice("format", {"markdown", "csv", "json"}, "with --paired expected")
           : other              ? values.Choice("format", {"markdown", "latex", "csv", "json"}, "with --paths expected")
                                : values.Choice("format", {"text", "markdown", "latex", "csv", "json"});
  return !other && OutputIsTerminal() ? "text" : "markdown";
}

void PrintPaired(const ResultReader& reader, const std::string& baseline, const std::string& format) {
  const PairedTable table = MakePairedTable(reader, baseline, SetDistances(reader));
  fmt::print("{}", format == "markdown" ? RenderPairedMarkdown(table)
                   : format == "csv"    ? RenderPairedCsv(table)
                                        : RenderPairedJson(table));
}

void PrintPaths(const PathTable& table, const std::string& format) {
  fmt::print("{}", format == "markdown" ? RenderMarkdown(table)
                   : format == "latex"  ? RenderLatex(table)
                   : format == "csv"    ? RenderCsv(table)
                                        : RenderJson(table));
}

void PrintSettings(const skipbench::Table& table, const Values& values, const std::string& format) {
  const TableView view = ViewOf(table, values.Text("columns"), values.Text("sort"), values.All("filter"));
  fmt::print("{}", format == "text"
                       ? TerminalText(table, view, values.Number("width", 0, 10'000),
                                      values.Choice("color", {"auto", "always", "never"}), values.IsSet("notes"))
                   : format == "markdown" ? RenderMarkdown(table, view)
                   : format == "latex"    ? RenderLatex(table, view)
                   : format == "csv"      ? RenderCsv(table, view)
                                          : RenderJson(table, view));
}

}  // namespace

int Table(const Texts& args) {
  const Values values =
      Parse("table",
            "table RESULT... [--format text|markdown|latex|csv|json] [--columns A,B,...] [--sort [-]COLUMN] "
            "[--filter TEXT|COLUMN<VALUE]... [--notes] [--paired LABEL | --paths] [--unchecked]",
            Options(), args);
  const Texts results = InputsOf(values, "table");
  const bool paired = values.Has("paired"), paths = values.IsSet("paths");
  if (paired && paths) Fail("skipbench table: --paired and --paths exclude each other");
  for (const char* option : kViewOptions)
    if (values.Has(option) && (paired || paths))
      Fail("skipbench table: --{} is of the table of settings, not of --{}", option, paired ? "paired" : "paths");
  const std::string format = FormatOf(values, paired || paths);
  if (format == "json" && values.Has("columns"))
    Fail("skipbench table: --columns: JSON has all of them; expected text, markdown, latex or csv");
  if (format != "text" && values.IsSet("notes"))
    Fail("skipbench table: --notes: only the text for terminals leaves notes out; {} has all of them", format);
  const ResultReader reader = OpenResults(results, values);
  if (paired)
    PrintPaired(reader, values.Text("paired"), format);
  else if (paths)
    PrintPaths(MakePathTable(reader, results[0]), format);
  else
    PrintSettings(MakeTable(reader, SetDistances(reader)), values, format);
  return 0;
}

}  // namespace skipbench::cli
