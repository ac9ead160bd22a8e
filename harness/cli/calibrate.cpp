#include <cmath>

#include "harness/base/progress.h"
#include "harness/cli/commands.h"
#include "harness/experiment/calibrate/calibrate.h"
#include "harness/experiment/calibrate/output_change_fit.h"
#include "harness/experiment/calibrate/residual_ratios.h"
#include "harness/io/files/atomic_file.h"

namespace skipbench::cli {

namespace {

void Print(const Calibration& one, const CalibrationOptions& options, int64_t samples) {
  const DeltaSearchResult& result = one.result;
  fmt::print("{}{}\n", one.method, one.run.empty() ? "" : " [" + one.run + "]");
  fmt::print("    NFE          {:.4g} of {} on the mean of {} samples ({}-{}); wanted {:.4g}\n", result.nfe, one.calls,
             samples, result.nfe_min, result.nfe_max, one.target);
  if (one.partial)
    fmt::print("    speed-up     below {:.3f} in MACs: the calls between run a part of the network\n",
               one.calls / result.nfe);
  else
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
    Fail("skipbench calibrate: give one of --nfe, --speedup, --mag-ratios and --tea-cache");
  options.samples = values.Number<int64_t>("samples", 1);
  options.tolerance = values.Number<double>("tolerance", 0);
  return options;
}

const char* NameOf(ProbeSite::Signal signal) {
  return signal == ProbeSite::Signal::kTimeEmbedding    ? "time_embedding"
         : signal == ProbeSite::Signal::kTimeProjection ? "time_projection"
                                                        : "modulated_input";
}

// What methods need to have been measured beforehand, instead of a threshold.
int Measure(const Plan& plan, const Values& values) {
  const auto samples = values.Number<int64_t>("samples", 1);
  if (values.Has("nfe") || values.Has("speedup") || (values.Has("mag-ratios") && values.IsSet("tea-cache")))
    Fail("skipbench calibrate: give one of --nfe, --speedup, --mag-ratios and --tea-cache");
  Progress progress("measuring", values.IsSet("quiet"));
  const auto update = [&](double share, const std::string& what) { progress.Update(share, 1, what); };
  if (values.Has("mag-ratios")) {
    const std::string file = values.Text("mag-ratios");
    const Json measured = MeasureResidualRatios(plan, samples, update);
    WriteFileAtomically(file, measured.dump(1) + "\n");
    progress.Finish();
    fmt::print("{}: ratios of {} calls, {} samples; in the config: \"mag_ratios\": \"{}\"\n", file,
               measured["calls"].get<int>(), measured["samples"].get<int64_t>(),
               std::filesystem::proximate(file, plan.config.folder().empty() ? "." : plan.config.folder()).string());
    return 0;
  }
  const auto fits = FitOutputChange(plan, samples, values.Number("order", 1, 10), update);
  progress.Finish();
  for (const OutputChangeFit& fit : fits)
    fmt::print(
        "{}\n    config       {}\n    fitted to    {} changes of {:.4g} to {:.4g}; error {:.4g} of the output's "
        "change\n",
        NameOf(fit.signal),
        Json{{"type", "tea_cache"}, {"signal", NameOf(fit.signal)}, {"coefficients", fit.coefficients}}.dump(),
        fit.points, fit.least, fit.most, fit.error);
  return 0;
}

}  // namespace

int Calibrate(const Texts& args) {
  const Values values = Parse(
      "calibrate",
      "calibrate CONFIG --nfe N | --speedup RATIO | --mag-ratios FILE | --tea-cache [--samples N] [--tolerance X] "
      "[--set PATH=VALUE[,VALUE...]]",
      {Input("the experiment's config"), Optional<double>("nfe", "wanted mean number of predictions of a sample"),
       Optional<double>("speedup", "wanted ratio of the full run's MACs to the method's, instead"),
       Optional<std::string>("mag-ratios", "file to write: measures what mag_cache decides by, instead"),
       Flag("tea-cache", "fits the polynomial that tea_cache rescales by, for each signal, instead"),
       Default<int>("order", 4, "of that polynomial"),
       Default<int64_t>("samples", 16, "of the config's data, from the first"),
       Default<double>("tolerance", 0.25,
                       "within which the mean NFE counts as reached; 0: as near as the samples allow"),
       Repeated("set", "PATH=VALUE[,VALUE...]: change a value of the config"), Models(), Quiet()},
      args);
  const std::string file = values.OnlyInput("one config file");
  const bool measures = values.Has("mag-ratios") || values.IsSet("tea-cache");
  const CalibrationOptions options = measures ? CalibrationOptions{} : ReadOptions(values);
  const Plan plan = MakePlan(ReadExperimentConfig(file, values.All("set")), {.models = values.Text("models")});
  if (measures) return Measure(plan, values);
  Calibrations all;
  {
    Progress progress("calibrating", values.IsSet("quiet"));
    all = skipbench::Calibrate(
        plan, options, [&](double done, double total, const std::string& what) { progress.Update(done, total, what); });
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
