#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "harness/analysis/set_distances.h"
#include "harness/analysis/short_labels.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_table.h"
#include "harness/cli/several_results.h"
#include "harness/report/tables/compare_text.h"
#include "harness/report/tables/display_width.h"
#include "harness/report/tables/html_table.h"
#include "harness/report/tables/path_text.h"
#include "harness/report/tables/render_table.h"
#include "harness/report/tables/side_by_side.h"
#include "harness/report/tables/table_columns.h"
#include "harness/report/tables/terminal.h"
#include "harness/report/tables/terminal_table.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {
namespace {

constexpr const char* kViewOptions[] = {"columns", "sort", "filter"};

std::vector<Option> Options() {
  std::vector<Option> options = {
      Input("results: folders (finished or not) or results.h5 files. Parts of one run are joined, different runs stand "
            "side by side"),
      Flag("paths", "skip paths instead: those that were searched, and how estimated ones compare with them"),
      Optional<std::string>("format,f",
                            "for people, papers, browsers or programs (default: text in a terminal, else markdown). "
                            "Parquet: python3 -m skipbench.parquet")
          .Of({"text", "markdown", "latex", "html", "csv", "json"}),
      Optional<std::string>("columns,c",
                            "a,b,c: these columns, the settings' parameters among them; a name that is not there "
                            "lists all. Of csv the names in its head"),
      Optional<std::string>("sort,s", "rows by this column; -COLUMN: the largest first"),
      Repeated("filter",
               "rows whose label has this text, or COLUMN<VALUE (<, <=, >, >=, =, !=); given again, both must hold"),
      Flag("notes", "of text: all notes, not three lines of them"),
      Optional<std::string>("paired",
                            "differences of every setting to this one (its label) on the same samples, instead "
                            "of the table"),
      Unchecked()};
  std::ranges::move(TextOptions(), std::back_inserter(options));
  return options;
}

// What to print: "text" for whoever looks at a terminal.
std::string FormatOf(const Values& values, bool other) {
  if (values.Has("format"))
    return values.Has("paired") ? values.Choice("format", {"markdown", "csv", "json"}, "with --paired expected")
           : other              ? values.Choice("format", {"markdown", "latex", "csv", "json"}, "with --paths expected")
                                : values.Choice("format", {"text", "markdown", "latex", "html", "csv", "json"});
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

void PrintSettings(const skipbench::Table& table, const Values& values, const std::string& format,
                   const TextShape& shape) {
  const TableView view = ViewOf(table, values.Text("columns"), values.Text("sort"), values.All("filter"));
  if (view.rows.empty() && format != "text") fmt::print(stderr, "skipbench: no setting passes the filter\n");
  fmt::print("{}",
             format == "text"
                 ? RenderTerminal(table, view,
                                  {.width = shape.width, .colour = shape.colour, .all_notes = values.IsSet("notes")})
             : format == "markdown" ? RenderMarkdown(table, view)
             : format == "latex"    ? RenderLatex(table, view)
             : format == "html"     ? RenderHtml(Layout(table, view))
             : format == "csv"      ? RenderCsv(table, view)
                                    : RenderJson(table, view));
}

// `why` the runs are of different experiments, if they are, is among the notes that are always there.
std::string Narrow(TableText text, const Texts& why, const Values& values, const TextShape& shape) {
  const size_t notes = values.IsSet("notes") ? text.notes.size() : std::max<size_t>(why.size(), 1);
  return RenderNarrow(std::move(text), shape.width, notes);
}

// Rows by short labels, of which the parameters are in a note, where the whole ones are too wide. The same label stays
// the same setting in all results.
void Shorten(const std::vector<OfResult<skipbench::Table>>& tables, size_t width, TableText* text) {
  if (TableWidth(*text) <= width) return;
  RunHeader all = tables[0].table.header;
  for (const auto& [name, table] : tables)
    for (const auto& setting : table.header.settings)
      if (std::ranges::find(all.settings, setting.label, &SettingInfo::label) == all.settings.end())
        all.settings.push_back(setting);
  std::vector<size_t> settings(all.settings.size());
  std::iota(settings.begin(), settings.end(), size_t{0});
  const SettingLabels labels = ShortLabels(all, settings);
  const TableText whole = *text;
  for (const auto* shorter : {&labels.labels, &labels.values}) {
    for (size_t r = 0; r < text->cells.size(); ++r)
      for (size_t k = 0; k < settings.size(); ++k)
        if (whole.cells[r][0] == all.settings[k].label) text->cells[r][0] = (*shorter)[k];
    if (TableWidth(*text) <= width) return;
  }
  // The middle gives way last.
  constexpr size_t kLeastLabel = 16;
  size_t longest = 0;
  for (const auto& row : text->cells) longest = std::max(longest, DisplayWidth(row[0]));
  const size_t excess = TableWidth(*text) - width;
  for (auto& row : text->cells)
    row[0] = FitWidth(row[0], std::max(kLeastLabel, longest > excess ? longest - excess : 0));
  if (!labels.legend.empty()) text->caption += fmt::format("\nSettings: {}.", fmt::join(labels.legend, ", "));
}

// What tells most of the settings of several runs, in a terminal's width: of each run the columns that it has, fewer of
// them until the rows fit.
std::string SideBySideTerminal(const std::vector<OfResult<skipbench::Table>>& tables, const Values& values,
                               const TextShape& shape, const Texts& why) {
  Texts ids = {"setting", "cost"};
  for (const auto& [name, table] : tables)
    if (const std::string& metric = table.verdict.metric.name;
        !metric.empty() && std::ranges::find(ids, metric) == ids.end())
      ids.push_back(metric);
  ids.insert(ids.end(), {"speed_up", "nfe", "pareto"});
  for (;; ids.pop_back()) {
    std::vector<OfResult<TableText>> texts;
    for (const auto& [name, table] : tables) {
      TableView view = ViewOf(table, "", values.Text("sort"), values.All("filter"));
      const auto all = AllColumns(table);
      for (const auto& id : ids)
        if (std::ranges::find(all, id, &TableColumn::id) != all.end()) view.columns.push_back(id);
      texts.push_back({name, Layout(table, view)});
    }
    TableText text = SideBySide(texts);
    text.notes.insert(text.notes.begin(), why.begin(), why.end());
    Shorten(tables, shape.width, &text);
    constexpr size_t kFew = 3;  // setting, cost and a metric
    if (TableWidth(text) <= shape.width || ids.size() <= kFew) return Narrow(std::move(text), why, values, shape);
  }
}

std::vector<OfResult<skipbench::Table>> TablesOf(const std::vector<NamedResult>& results) {
  std::vector<OfResult<skipbench::Table>> tables;
  double most = 0;
  for (const auto& [name, result] : results) {
    tables.push_back({name, MakeTable(result, SetDistances(result))});
    for (const auto& row : tables.back().table.rows)
      most = std::max({most, row.macs_modules.value_or(0), row.macs_matmuls.value_or(0)});
  }
  for (auto& one : tables) one.table.most_macs = most;
  return tables;
}

// Of several runs the tables become one.
void PrintSideBySide(const std::vector<NamedResult>& results, const Values& values, const std::string& format,
                     const TextShape& shape) {
  if (values.Text("color") != "auto")
    Fail("skipbench table: --color is of the text of one run; here are {}", results.size());
  // Rows are told apart by setting and result.
  std::string columns = values.Text("columns");
  if (!columns.empty() && columns != "setting" && !columns.starts_with("setting,")) columns = "setting," + columns;
  const Texts why = WhyNotBeside(results);
  const auto tables = TablesOf(results);
  if (format == "text" && columns.empty()) {
    fmt::print("{}", SideBySideTerminal(tables, values, shape, why));
    return;
  }
  std::vector<OfResult<TableText>> texts;
  std::vector<OfResult<std::string>> programs;
  for (const auto& [name, table] : tables) {
    const TableView view = ViewOf(table, columns, values.Text("sort"), values.All("filter"));
    if (format == "csv" || format == "json")
      programs.push_back({name, format == "csv" ? RenderCsv(table, view) : RenderJson(table, view)});
    else
      texts.push_back({name, Layout(table, view)});
  }
  if (format == "csv" || format == "json") {
    fmt::print("{}", format == "csv" ? SideBySideCsv(programs) : SideBySideJson(programs));
    return;
  }
  TableText text = SideBySide(texts);
  text.notes.insert(text.notes.begin(), why.begin(), why.end());
  fmt::print("{}", format == "text"    ? Narrow(std::move(text), why, values, shape)
                   : format == "latex" ? RenderLatex(text)
                   : format == "html"  ? RenderHtml(text)
                                       : RenderMarkdown(text));
}

// Debian has no library that writes it.
void RefuseParquet(const Values& values, const Texts& results) {
  if (values.Text("format") == "parquet")
    Fail(
        "skipbench table: --format parquet: the Python package writes it: python3 -m skipbench.parquet {} "
        "table.parquet",
        fmt::join(results, " "));
}

}  // namespace

int Table(const Texts& args) {
  const Values values =
      Parse("table",
            "table RESULT... [--format text|markdown|latex|html|csv|json] [--columns A,B,...] [--sort [-]COLUMN] "
            "[--filter TEXT|COLUMN<VALUE]... [--notes] [--paired LABEL | --paths] [--unchecked]",
            Options(), args);
  const Texts results = InputsOf(values, "table");
  const bool paired = values.Has("paired"), paths = values.IsSet("paths");
  if (paired && paths) Fail("skipbench table: --paired and --paths exclude each other");
  for (const char* option : kViewOptions)
    if (values.Has(option) && (paired || paths))
      Fail("skipbench table: --{} is of the table of settings, not of --{}", option, paired ? "paired" : "paths");
  RefuseParquet(values, results);
  const std::string format = FormatOf(values, paired || paths);
  if (format == "json" && values.Has("columns"))
    Fail("skipbench table: --columns: JSON has all of them; expected text, markdown, latex, html or csv");
  if (format != "text" && values.IsSet("notes"))
    Fail("skipbench table: --notes: only the text for terminals leaves notes out; {} has all of them", format);
  const TextShape shape = ShapeOf(values, "table", format);
  std::vector<NamedResult> several;
  if (results.size() > 1 && !paired && !paths) several = OpenSeveral(results, values);
  if (several.size() > 1) {
    PrintSideBySide(several, values, format, shape);
    return 0;
  }
  const ResultReader reader = several.empty() ? OpenResults(results, values) : std::move(several[0].result);
  if (paired)
    PrintPaired(reader, values.Text("paired"), format);
  else if (paths)
    PrintPaths(MakePathTable(reader, results[0]), format);
  else
    PrintSettings(MakeTable(reader, SetDistances(reader)), values, format, shape);
  return 0;
}

}  // namespace skipbench::cli
