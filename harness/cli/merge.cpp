#include <filesystem>

#include "harness/analysis/set_distances.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/report/figures/contact_sheet.h"
#include "harness/report/tables/render_table.h"
#include "harness/store/merge.h"
#include "harness/store/outputs.h"
#include "harness/store/result_reader.h"
#include "metrics/catalog.h"

namespace skipbench::cli {

namespace po = boost::program_options;
namespace fs = std::filesystem;

int Merge(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()("input", po::value<std::vector<std::string>>(),
                        "results of one run: folders (finished or not) or results.h5 files")(
      "out,o", po::value<std::string>(), "folder of the merged result");
  AddReadingOptions(&options);
  const auto values = Parse("merge", "merge RESULT... --out DIR [--unchecked]", options, args);
  const auto inputs = InputsOf(values, "merge");
  if (!values.contains("out")) Fail("skipbench merge: --out is missing");
  const std::vector<fs::path> results(inputs.begin(), inputs.end());
  const fs::path out = values["out"].as<std::string>();
  const MergeSummary summary = MergeResults(results, out, ReadingOptions(values));
  for (const auto& note : summary.notes) fmt::print(stderr, "skipbench: {}; what was added is not merged\n", note);
  const ResultReader merged = ResultReader::Open(out, {.known = CatalogMetrics()});
  fmt::print("{}\n", RenderMarkdown(MakeTable(merged, SetDistances(merged))));
  const JsonReader config(merged.header().config, "config");
  if (const int rows = static_cast<int>(config.IntOr("contact_sheet", 0)); rows > 0)
    NoteMissingFonts(out / kContactSheet, WriteContactSheet(merged, rows, out / kContactSheet));
  fmt::print("merged {} of {} samples into {}\n", summary.samples, summary.planned, out.string());
  if (summary.samples < summary.planned)
    fmt::print(stderr,
               "skipbench: {} samples of the plan are missing: merge the other shards too, or finish with run --resume "
               "--out {}\n",
               summary.planned - summary.samples, out.string());
  return 0;
}

}  // namespace skipbench::cli
