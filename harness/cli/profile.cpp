// skipbench profile: where the time of an experiment goes.
#include <filesystem>

#include "harness/cli/commands.h"
#include "harness/cli/profile_run.h"
#include "harness/experiment/plan/plan.h"
#include "harness/experiment/run/run_experiment.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

// A former profile is replaced, a result of anything else is not.
ResultWriter::Existing Existing(const fs::path& out) {
  using Existing = ResultWriter::Existing;
  return fs::exists(out / kProfileTable) || ResultFiles(out).empty() ? Existing::kReplace : Existing::kRefuse;
}

}  // namespace

int Profile(const Texts& args) {
  const Values values =
      Parse("profile", "profile CONFIG [--samples N] [--out DIR] [--set PATH=VALUE]",
            {Input("the experiment's config"),
             Default<int64_t>("samples", 0, "the first N samples of the config (0: one batch)"),
             Optional<std::string>(
                 "out,o",
                 "folder of the result, the trace and the table (default: results/local/NAME-profile of the "
                 "working directory); what a former profile left there is replaced"),
             Repeated("set", "PATH=VALUE: change a value of the config"), Models(),
             Flag("allow-missing", "leave out metrics whose weights are missing"), Quiet()},
            args);
  ExperimentConfig config = ReadExperimentConfig(values.OnlyInput("one config file"), values.All("set"));
  config.latency.samples = 0;  // repeats what is profiled anyway
  const fs::path out =
      values.Has("out") ? fs::path(values.Text("out")) : fs::path("results") / "local" / (config.name + "-profile");
  Plan plan = MakePlan(std::move(config),
                       {.models = values.Text("models"), .allow_missing_metrics = values.IsSet("allow-missing")});
  const int64_t wanted = values.Number<int64_t>("samples", 0);
  const int64_t samples = wanted > 0 ? wanted : plan.config.batch_size;
  plan.end = std::min(plan.end, plan.begin + samples);
  if (plan.end - plan.begin < wanted)
    fmt::print(stderr, "skipbench: --samples {}: the config has {}\n", wanted, plan.end - plan.begin);
  for (const auto& note : plan.notes) fmt::print(stderr, "skipbench: {}\n", note);
  const ProfiledRun profiled(plan.device);
  const RunSummary summary =
      RunExperiment(plan, {.out = out, .existing = Existing(out), .quiet = values.IsSet("quiet")});
  profiled.Report(out);
  return SayWhatFailed(summary);
}

}  // namespace skipbench::cli
