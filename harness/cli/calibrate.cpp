#include <cmath>

#include "harness/base/progress.h"
#include "harness/cli/commands.h"
#include "harness/experiment/calibrate/calibrate.h"

namespace skipbench::cli {

namespace {

void Print(const Calibration& one, const CalibrationOptions& options, int64_t samples) {
  const DeltaSearchResult& result = one.result;
  fmt::print("{}{}\n", one.method, one.run.empty() ? "" : " [" + one.run + "]");
  fmt::print("    NFE          {:.4g} of {} on the mean of {} samples ({}-{}); wanted {:.4g}\n", result.nfe, one.calls,
             samples, result.nfe_min, result.nfe_max, one.target);
  fmt::print("    speed-up     {:.3f} in MACs\n", one.calls / result.nfe);
  fmt::print("    evaluations  {} for {} values of {}; every sample at each of them would take {}\n", one.evaluations,
             result.probes, one.option, one.plain_evaluations);
  fmt::print("    config       {}\n", one.parameters.dump());
  if (result.reached) return;
  if (std::isnan(result.nfe_below))
    fmt::print(
        "    NOT REACHED  no {} predicts less than {:.4g} times: the warm-up, or the cap on runs of skips (max_skips), "
        "forbids it\n",
        one.option, result.nfe_above);
  else if (std::isnan(result.nfe_above))
    fmt::print("    NOT REACHED  no {} predicts more than {:.4g} times\n", one.option, result.nfe_below);
  else
    fmt::print("    NOT REACHED  within {}: as {} {}, the mean NFE jumps from {:.4g} to {:.4g}\n", options.tolerance,
               one.option, one.predicts_above ? "grows" : "falls", result.nfe_above, result.nfe_below);
}

CalibrationOptions ReadOptions(const Values& values) {
  CalibrationOptions options;
  if (values.Has("nfe")) options.nfe = values.Get<double>("nfe");
  if (values.Has("speedup")) options.speedup = values.Number<double>("speedup", 1);
  if (options.nfe.has_value() == options.speedup.has_value())
    Fail("skipbench calibrate: give either --nfe or --speedup");
  options.samples = values.Number<int64_t>("samples", 1);
  options.tolerance = values.Number<double>("tolerance", 0);
  return options;
}

}  // namespace

int Calibrate(const Texts& args) {
  const Values values =
      Parse("calibrate",
            "calibrate CONFIG --nfe N | --speedup RATIO [--samples N] [--tolerance X] [--set PATH=VALUE[,VALUE...]]",
            {Input("the experiment's config"), Optional<double>("nfe", "wanted mean number of predictions of a sample"),
             Optional<double>("speedup", "wanted ratio of the full run's MACs to the method's, instead"),
             Default<int64_t>("samples", 16, "of the config's data, from the first"),
             Default<double>("tolerance", 0.25,
                             "within which the mean NFE counts as reached; 0: as near as the samples allow"),
             Repeated("set", "PATH=VALUE[,VALUE...]: change a value of the config"), Models(), Quiet()},
            args);
  const std::string file = values.OnlyInput("one config file");
  const CalibrationOptions options = ReadOptions(values);
  const Plan plan = MakePlan(ReadExperimentConfig(file, values.All("set")), {.models = values.Text("models")});
  Calibrations all;
  {
    Progress progress("calibrating", values.IsSet("quiet"));
    all = skipbench::Calibrate(plan, options, [&](size_t done, size_t total, const std::string& what) {
      progress.Update(static_cast<double>(done), static_cast<double>(total), what);
    });
    progress.Update(static_cast<double>(all.found.size()), static_cast<double>(all.found.size()));
  }
  bool done = true;
  for (const auto& one : all.found) {
    Print(one, options, std::min<int64_t>(options.samples, std::ssize(plan.samples)));
    done &= one.result.reached;
  }
  for (const auto& one : all.refused) {
    fmt::print("{}\n    {}  {}\n", one.method, one.adaptive ? "NOT CALIBRATED" : "left alone    ", one.reason);
    done &= !one.adaptive;  // a method that watches was probably meant
  }
  return done ? 0 : 3;
}

}  // namespace skipbench::cli
