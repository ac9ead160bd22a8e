#include "harness/cli/open_results.h"

#include <cstdio>

#include "harness/base/error.h"
#include "metrics/catalog.h"

namespace skipbench::cli {

namespace po = boost::program_options;

void AddReadingOptions(po::options_description* options) {
  options->add_options()(
      "unchecked", po::bool_switch(),
      "read also a results.h5 whose checksums do not hold or are not there: as much of it as can be read");
}

OpenOptions ReadingOptions(const po::variables_map& values) {
  return {.unchecked = values["unchecked"].as<bool>(), .known = CatalogMetrics()};
}

void PrintNotes(const ResultReader& result) {
  for (const auto& note : result.notes()) fmt::print(stderr, "skipbench: {}\n", note);
}

ResultReader OpenResults(const std::vector<std::string>& paths, const OpenOptions& options) {
  ResultReader result = ResultReader::Open(std::vector<std::filesystem::path>(paths.begin(), paths.end()), options);
  PrintNotes(result);
  return result;
}

void NoteMissingFonts(const std::filesystem::path& sheet, const std::string& missing) {
  if (!missing.empty()) fmt::print(stderr, "skipbench: {}: {}; boxes stand in their place\n", sheet.string(), missing);
}

std::vector<std::string> InputsOf(const po::variables_map& values, const std::string& command) {
  if (!values.contains("input")) Fail("skipbench {}: at least one result was expected", command);
  return values["input"].as<std::vector<std::string>>();
}

}  // namespace skipbench::cli
