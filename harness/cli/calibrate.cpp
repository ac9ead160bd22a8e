#include <cmath>

#include "harness/base/error.h"
#include "harness/base/progress.h"
#include "harness/cli/commands.h"
#include "harness/experiment/calibrate/calibrate.h"

namespace skipbench::cli {

namespace po = boost::program_options;

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

CalibrationOptions ReadOptions(const po::variables_map& values) {
  CalibrationOptions options;
  if (values.contains("nfe")) options.nfe = values["nfe"].as<double>();
  if (values.contains("speedup")) options.speedup = values["speedup"].as<double>();
  if (options.nfe.has_value() == options.speedup.has_value())
    Fail("skipbench calibrate: give either --nfe or --speedup");
  if (options.speedup && !(*options.speedup >= 1))
    Fail("skipbench calibrate: --speedup: expected 1 or more, found {}", *options.speedup);
  options.samples = values["samples"].as<int64_t>();
  if (options.samples < 1) Fail("skipbench calibrate: --samples: expected 1 or more, found {}", options.samples);
  options.tolerance = values["tolerance"].as<double>();
  if (!(options.tolerance >= 0))
    Fail("skipbench calibrate: --tolerance: expected 0 or more, found {}", options.tolerance);
  return options;
}

}  // namespace

int Calibrate(const std::vector<std::string>& args) {
  po::options_description description("options");
  description.add_options()("input", po::value<std::vector<std::string>>(), "the experiment's config")(
      "nfe", po::value<double>(), "wanted mean number of predictions of a sample")(
      "speedup", po::value<double>(), "wanted ratio of the full run's MACs to the method's, instead")(
      "samples", po::value<int64_t>()->default_value(16), "of the config's data, from the first")(
      "tolerance", po::value<double>()->default_value(0.25, "0.25"),
      "within which the mean NFE counts as reached; 0: as near as the samples allow")(
      "set", po::value<std::vector<std::string>>()->composing(), "PATH=VALUE[,VALUE...]: change a value of the config")(
      "models", po::value<std::string>()->default_value(""), "folders to look for models in, separated by colons")(
      "quiet,q", po::bool_switch(), "no progress line");
  const auto values =
      Parse("calibrate",
            "calibrate CONFIG --nfe N | --speedup RATIO [--samples N] [--tolerance X] [--set PATH=VALUE[,VALUE...]]",
            description, args);
  if (!values.contains("input") || values["input"].as<std::vector<std::string>>().size() != 1)
    Fail("skipbench calibrate: one config file was expected");
  const CalibrationOptions options = ReadOptions(values);
  const auto sets = values.contains("set") ? values["set"].as<std::vector<std::string>>() : std::vector<std::string>{};
  const Plan plan = MakePlan(ReadExperimentConfig(values["input"].as<std::vector<std::string>>()[0], sets),
                             {.models = values["models"].as<std::string>()});
  Calibrations all;
  {
    Progress progress("calibrating", values["quiet"].as<bool>());
    all = skipbench::Calibrate(plan, options, [&](size_t done, size_t total, const std::string& what) {
      progress.Update(static_cast<double>(done), static_cast<double>(total), what);
    });
    progress.Update(static_cast<double>(all.found.size()), static_cast<double>(all.found.size()));
  }
  bool done = true;
  for (const auto& one : all.found) {
    Print(one, options, std::min<int64_t>(options.samples, static_cast<int64_t>(plan.samples.size())));
    done &= one.result.reached;
  }
  for (const auto& one : all.refused) {
    fmt::print("{}\n    {}  {}\n", one.method, one.adaptive ? "NOT CALIBRATED" : "left alone    ", one.reason);
    done &= !one.adaptive;  // a method that watches was probably meant
  }
  return done ? 0 : 3;
}

}  // namespace skipbench::cli
