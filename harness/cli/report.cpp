#include "harness/report/page/report.h"

#include "harness/analysis/set_distances.h"
#include "harness/base/error.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {

namespace po = boost::program_options;

int Report(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()("input", po::value<std::vector<std::string>>(),
                        "results: folders (finished or not) or results.h5 files of one run")(
      "out,o", po::value<std::string>(), "the report's folder: new, empty, or an earlier report, which is replaced")(
      "pictures", po::value<int>()->default_value(8), "samples in the picture grid")(
      "per-setting", po::value<int>()->default_value(6),
      "of the settings of a sweep that decide for themselves, how many get figures of their own (every sample's path, "
      "two samples)")("gnuplot", po::value<std::string>()->default_value("gnuplot"), "the gnuplot program");
  AddReadingOptions(&options);
  const auto values =
      Parse("report", "report RESULT... --out DIR [--pictures N] [--per-setting N] [--gnuplot PROGRAM] [--unchecked]",
            options, args);
  const auto results = InputsOf(values, "report");
  if (!values.contains("out")) Fail("skipbench report: --out DIR was expected");
  ReportOptions report;
  report.pictures = values["pictures"].as<int>();
  if (report.pictures < 0) Fail("skipbench report: --pictures: expected a number >= 0, found {}", report.pictures);
  report.per_setting = values["per-setting"].as<int>();
  if (report.per_setting < 0)
    Fail("skipbench report: --per-setting: expected a number >= 0, found {}", report.per_setting);
  report.gnuplot = values["gnuplot"].as<std::string>();
  const std::filesystem::path folder = values["out"].as<std::string>();
  const ResultReader result = OpenResults(results, ReadingOptions(values));
  report.table = MakeTable(result, SetDistances(result));
  WriteReport(result, folder, report);
  fmt::print("report: {}\n", (folder / "index.html").string());
  return 0;
}

}  // namespace skipbench::cli
