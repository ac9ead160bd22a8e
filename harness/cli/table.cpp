#include "harness/analysis/set_distances.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/report/tables/compare_text.h"
#include "harness/report/tables/path_text.h"
#include "harness/report/tables/render_table.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {

int Table(const Texts& args) {
  const Values values =
      Parse("table", "table RESULT... [--format markdown|latex|csv|json] [--paired LABEL | --paths] [--unchecked]",
            {Input("results: folders (finished or not) or results.h5 files"),
             Flag("paths", "skip paths instead: those that were searched, and how estimated ones compare with them"),
             Default<std::string>("format,f", "markdown", "markdown, latex, csv or json"),
             Optional<std::string>("paired",
                                   "differences of every setting to this one (its label) on the same samples, instead "
                                   "of the table"),
             Unchecked()},
            args);
  const Texts results = InputsOf(values, "table");
  const bool paired = values.Has("paired");
  if (paired && values.IsSet("paths")) Fail("skipbench table: --paired and --paths exclude each other");
  const std::string format = paired ? values.Choice("format", {"markdown", "csv", "json"}, "with --paired expected")
                                    : values.Choice("format", {"markdown", "latex", "csv", "json"});
  const ResultReader reader = OpenResults(results, values);
  const auto print = [&](const auto& table) {
    fmt::print("{}", format == "markdown" ? RenderMarkdown(table)
                     : format == "latex"  ? RenderLatex(table)
                     : format == "csv"    ? RenderCsv(table)
                                          : RenderJson(table));
  };
  if (paired) {
    const PairedTable table = MakePairedTable(reader, values.Text("paired"), SetDistances(reader));
    fmt::print("{}", format == "markdown" ? RenderPairedMarkdown(table)
                     : format == "csv"    ? RenderPairedCsv(table)
                                          : RenderPairedJson(table));
  } else if (values.IsSet("paths")) {
    print(MakePathTable(reader, results[0]));
  } else {
    print(MakeTable(reader, SetDistances(reader)));
  }
  return 0;
}

}  // namespace skipbench::cli
