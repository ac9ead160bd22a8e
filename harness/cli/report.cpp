#include "harness/report/page/report.h"

#include "harness/analysis/set_distances.h"
#include "harness/base/error.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {

int Report(const Texts& args) {
  const Values values = Parse(
      "report", "report RESULT... --out DIR [--pictures N] [--per-setting N] [--gnuplot PROGRAM] [--unchecked]",
      {Input("results: folders (finished or not) or results.h5 files of one run"),
       Optional<std::string>("out,o", "the report's folder: new, empty, or an earlier report, which is replaced"),
       Default<int>("pictures", 8, "samples in the picture grid"),
       Default<int>("per-setting", 6,
                    "of the settings of a sweep that decide for themselves, how many get figures of their own (every "
                    "sample's path, two samples)"),
       Default<std::string>("gnuplot", "gnuplot", "the gnuplot program"), Unchecked()},
      args);
  const Texts results = InputsOf(values, "report");
  if (!values.Has("out")) Fail("skipbench report: --out DIR was expected");
  ReportOptions report{.pictures = values.Number("pictures", 0),
                       .per_setting = values.Number("per-setting", 0),
                       .gnuplot = values.Text("gnuplot")};
  const std::filesystem::path folder = values.Text("out");
  const ResultReader result = OpenResults(results, values);
  report.table = MakeTable(result, SetDistances(result));
  WriteReport(result, folder, report);
  fmt::print("report: {}\n", (folder / "index.html").string());
  return 0;
}

}  // namespace skipbench::cli
