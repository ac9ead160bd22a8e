#include "harness/analysis/decide/options.h"

namespace skipbench {

const OptionTable<DecideOptions>& DecideTable() {
  using Decide = DecideOptions;
  const auto regression = [](const Decide& decide) { return decide.asks("regression"); };
  static const OptionTable<Decide> table = [&] {
    OptionTable<Decide> options(
        "decide",
        {Field("question", &Decide::question)
             .OneOf({"pareto", "fewer_steps", "regression"})
             .Help(
                 "pareto: which settings no other one beats in cost and metric; fewer_steps: which beat fewer_steps at "
                 "their cost; regression: is anything worse than in a baseline result"),
         Field("metric", &Decide::metric)
             .Default("psnr; of regression every metric of the baseline")
             .Help("a metric of single samples, by its name in the results"),
         Field("cost", &Decide::cost)
             .OneOf({"macs_matmuls", "macs_modules", "nfe"})
             .Help("what settings are compared at, mean of a sample"),
         Field("margin", &Decide::margin)
             .Min(0)
             .Max(1e6)
             .Default("0; of regression the metric's own limit, as in compare")
             .Help("differences that do not count, in the metric's unit"),
         Field("level", &Decide::level)
             .Min(0.5)
             .Max(0.99999)
             .Help("probability that every answer is right, over all settings and looks"),
         Field("look", &Decide::look).Min(1).Max(1 << 20).Default("wave_size").Help("samples between two looks"),
         Field("burn_in", &Decide::burn_in).Min(2).Max(1'000'000).Help("samples before the first look that counts"),
         Field("samples", &Decide::samples).Min(0).Max(1'000'000'000).Help("at most; 0: all of the data"),
         Field("give_up", &Decide::give_up)
             .Min(0)
             .Max(0.5)
             .Help("a setting is left undecided when the chance of an answer by the last sample is less; 0: never"),
         Field("baseline", &Decide::baseline)
             .When(regression, "only of the question \"regression\"")
             .Default("none")
             .Help(
                 "of regression: the result to hold the run against, a folder or results.h5, relative to the config")});
    options.Rule([](const Decide& decide) {
      if (decide.asks("regression") && decide.baseline.empty())
        FailOption("baseline", "missing: the question \"regression\" needs a result to hold the run against");
    });
    return options;
  }();
  return table;
}

DecideOptions Resolved(DecideOptions options) {
  if (options.asks("regression")) return options;
  if (options.metric.empty()) options.metric = "psnr";
  if (!options.margin) options.margin = 0;
  return options;
}

}  // namespace skipbench
