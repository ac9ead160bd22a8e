#include <filesystem>

#include "harness/cli/commands.h"
#include "harness/cli/distances.h"
#include "harness/report/contact_sheet.h"
#include "harness/report/table.h"
#include "harness/store/merge.h"
#include "harness/store/outputs.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {

namespace po = boost::program_options;
namespace fs = std::filesystem;

int Merge(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()
      ("input", po::value<std::vector<std::string>>(), "results of one run: folders (finished or not) or results.h5 files")
      ("out,o", po::value<std::string>(), "folder of the merged result");
  const auto values = Parse("merge", "merge RESULT... --out DIR", options, args);
  if (!values.contains("input")) Fail("skipbench merge: at least one result was expected");
  if (!values.contains("out")) Fail("skipbench merge: --out is missing");
  std::vector<fs::path> results;
  for (const auto& one : values["input"].as<std::vector<std::string>>()) results.emplace_back(one);
  const fs::path out = values["out"].as<std::string>();
  const MergeSummary summary = MergeResults(results, out);
  const ResultReader merged = ResultReader::Open(out);
  fmt::print("{}\n", RenderMarkdown(MakeFullTable(merged)));
  const JsonReader config(merged.header().config, "config");
  if (const int rows = static_cast<int>(config.IntOr("contact_sheet", 0)); rows > 0)
    WriteContactSheet(merged, rows, out / kContactSheet);
  fmt::print("merged {} of {} samples into {}\n", summary.samples, summary.planned, out.string());
  if (summary.samples < summary.planned)
    fmt::print(stderr, "skipbench: {} samples of the plan are missing: merge the other shards too, or finish with run --resume --out {}\n",
               summary.planned - summary.samples, out.string());
  return 0;
}

}  // namespace skipbench::cli
