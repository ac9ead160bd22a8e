#include "harness/analysis/history.h"

#include <filesystem>

#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/cli/several_results.h"
#include "harness/io/files/atomic_file.h"
#include "harness/report/figures/gnuplot.h"
#include "harness/report/figures/history_figures.h"
#include "harness/report/tables/history_text.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

void WriteFigures(const skipbench::History& history, const fs::path& folder, const std::string& program) {
  const Gnuplot gnuplot(program);
  fs::create_directories(folder);
  for (const auto& figure : HistoryFigures(history)) gnuplot.Draw(figure, folder);
  WriteFileAtomically(folder / "history.md", RenderMarkdown(history));
  WriteFileAtomically(folder / "history.csv", RenderCsv(history));
  WriteFileAtomically(folder / "history.json", RenderJson(history));
}

}  // namespace

int History(const Texts& args) {
  const HistoryOptions defaults;
  const Values values =
      Parse("history", "history RESULT... [--format markdown|csv|json] [--out DIR] [--level X] [--unchecked]",
            {Input("results of one experiment, the oldest first: folders (finished or not) or results.h5 files"),
             Default<std::string>("format,f", "markdown", "for people or for programs").Of({"markdown", "csv", "json"}),
             Optional<std::string>("out,o", "folder for figures (SVG, PNG, PDF) and for the history in all formats"),
             Default<double>("level", defaults.level,
                             "that no change is named where there is none, over everything together"),
             Default<std::string>("gnuplot", "gnuplot", "the gnuplot program"), Unchecked()},
            args);
  const Texts paths = InputsOf(values, "history");
  const double level = values.Get<double>("level");
  if (!(level > 0 && level < 1)) Fail("skipbench history: --level: expected a number between 0 and 1, found {}", level);
  const std::string format = values.Choice("format", {"markdown", "csv", "json"});
  std::vector<ResultReader> results;
  Texts names;
  for (const auto& path : paths) {
    results.push_back(OpenResults({path}, values));
    names.push_back(NameOfResult(path));
  }
  const skipbench::History history = MakeHistory(results, names, {.level = level});
  if (values.Has("out")) WriteFigures(history, values.Text("out"), values.Text("gnuplot"));
  fmt::print("{}", format == "csv"    ? RenderCsv(history)
                   : format == "json" ? RenderJson(history)
                                      : RenderMarkdown(history));
  return 0;
}

}  // namespace skipbench::cli
