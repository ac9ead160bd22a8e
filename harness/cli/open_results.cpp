#include "harness/cli/open_results.h"

#include <cstdio>

#include "harness/analysis/decide/record.h"
#include "harness/report/figures/contact_sheet.h"
#include "harness/store/outputs.h"
#include "metrics/catalog.h"

namespace skipbench::cli {

Option Unchecked() {
  return Flag("unchecked",
              "read also a results.h5 whose checksums do not hold or are not there: as much of it as can be read");
}

OpenOptions ReadingOptions(const Values& values) {
  return {.unchecked = values.IsSet("unchecked"), .known = CatalogMetrics()};
}

void PrintNotes(const ResultReader& result) {
  for (const auto& note : result.notes()) fmt::print(stderr, "skipbench: {}\n", note);
}

ResultReader OpenResults(const Texts& paths, const Values& values) {
  ResultReader result = ResultReader::Open({paths.begin(), paths.end()}, ReadingOptions(values));
  if (const auto kept = KeptOf(result)) result.Keep(*kept);
  PrintNotes(result);
  return result;
}

void WriteSheet(const ResultReader& result, int rows, const std::filesystem::path& folder) {
  if (rows <= 0) return;
  const std::filesystem::path sheet = folder / kContactSheet;
  if (const std::string missing = WriteContactSheet(result, rows, sheet); !missing.empty())
    fmt::print(stderr, "skipbench: {}: {}; boxes stand in their place\n", sheet.string(), missing);
}

Texts InputsOf(const Values& values, const char* command) {
  if (!values.Has("input")) Fail("skipbench {}: at least one result was expected", command);
  return values.All("input");
}

}  // namespace skipbench::cli
