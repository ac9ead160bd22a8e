#include "harness/analysis/verdict/verdict.h"

#include <algorithm>

#include "harness/cli/budgets.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/cli/print_table.h"
#include "harness/report/tables/verdict_terminal.h"
#include "harness/report/tables/verdict_text.h"

namespace skipbench::cli {

int Verdict(const Texts& args) {
  std::vector<Option> known = {
      Input("results: folders (finished or not) or results.h5 files; parts of one run are joined"),
      Optional<std::string>("metric",
                            "what closeness is measured by, a metric of single samples (default: what the run decided "
                            "by, else psnr, else the first with a better side)"),
      Optional<std::string>("cost", "what budgets are of (default: what the run decided by, else macs_matmuls)")
          .Of({"macs_matmuls", "macs_modules", "nfe"}),
      Default<std::string>("budget", "0.75,0.5,0.35",
                           "fractions of the full run's cost to name the closest setting for"),
      Default<double>("level", 0.95, "probability that everything the verdict says is right"),
      Default<std::string>("format,f", "text", "for people, pages or programs").Of({"text", "markdown", "json"}),
      Unchecked()};
  std::ranges::move(TextOptions(), std::back_inserter(known));
  const Values values = Parse(
      "verdict",
      "verdict RESULT... [--metric NAME] [--cost NAME] [--budget F,F,...] [--level X] [--format text|markdown|json]",
      known, args);
  const Texts results = InputsOf(values, "verdict");
  const std::string format = values.Choice("format", {"text", "markdown", "json"});
  const TextShape shape = ShapeOf(values, "verdict", format);
  const VerdictOptions options{.metric = values.Text("metric"),
                               .cost = values.Text("cost"),
                               .budgets = ReadBudgets("verdict", values.Text("budget")),
                               .level = values.Get<double>("level")};
  const ResultReader reader = OpenResults(results, values);
  const RunVerdict verdict = MakeVerdict(reader, options);
  fmt::print("{}", format == "markdown" ? RenderVerdictMarkdown(verdict, reader.header())
                   : format == "json"   ? RenderVerdictJson(verdict, reader.header())
                                        : RenderVerdictText(verdict, reader.header(), shape.width, shape.colour));
  return 0;
}

}  // namespace skipbench::cli
