#include "harness/analysis/set_distances.h"
#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/report/tables/paired_text.h"
#include "harness/report/tables/path_text.h"
#include "harness/report/tables/render_table.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {

namespace po = boost::program_options;

namespace {

template <typename T>
void Print(const T& table, const std::string& format) {
  if (format == "markdown")
    fmt::print("{}", RenderMarkdown(table));
  else if (format == "latex")
    fmt::print("{}", RenderLatex(table));
  else if (format == "csv")
    fmt::print("{}", RenderCsv(table));
  else if (format == "json")
    fmt::print("{}", RenderJson(table));
  else
    Fail("skipbench table: --format: expected markdown, latex, csv or json, found \"{}\"{}", format,
         DidYouMean(format, {"markdown", "latex", "csv", "json"}));
}

}  // namespace

int Table(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()("input", po::value<std::vector<std::string>>(),
                        "results: folders (finished or not) or results.h5 files")(
      "paths", po::bool_switch(),
      "skip paths instead: those that were searched, and how estimated ones compare with them")(
      "format,f", po::value<std::string>()->default_value("markdown"), "markdown, latex, csv or json")(
      "paired", po::value<std::string>(),
      "differences of every setting to this one (its label) on the same samples, instead of the table");
  AddReadingOptions(&options);
  const auto values =
      Parse("table", "table RESULT... [--format markdown|latex|csv|json] [--paired LABEL | --paths] [--unchecked]",
            options, args);
  const auto results = InputsOf(values, "table");
  const std::string format = values["format"].as<std::string>();
  if (values.contains("paired") && values["paths"].as<bool>())
    Fail("skipbench table: --paired and --paths exclude each other");
  if (values.contains("paired")) {
    const ResultReader reader = OpenResults(results, ReadingOptions(values));
    const PairedTable paired = MakePairedTable(reader, values["paired"].as<std::string>(), SetDistances(reader));
    if (format == "markdown")
      fmt::print("{}", RenderPairedMarkdown(paired));
    else if (format == "csv")
      fmt::print("{}", RenderPairedCsv(paired));
    else if (format == "json")
      fmt::print("{}", RenderPairedJson(paired));
    else
      Fail("skipbench table: --format: with --paired expected markdown, csv or json, found \"{}\"{}", format,
           DidYouMean(format, {"markdown", "csv", "json"}));
    return 0;
  }
  const ResultReader reader = OpenResults(results, ReadingOptions(values));
  if (values["paths"].as<bool>())
    Print(MakePathTable(reader, results[0]), format);
  else
    Print(MakeTable(reader, SetDistances(reader)), format);
  return 0;
}

}  // namespace skipbench::cli
