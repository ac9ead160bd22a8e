// skipbench profile: where the time of an experiment goes.
#include <filesystem>

#include "harness/cli/commands.h"
#include "harness/cli/profile_run.h"
#include "harness/experiment/plan/plan.h"
#include "harness/experiment/run/run_experiment.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

int Profile(const Texts& args) {
  const Values values =
      Parse("profile", "profile CONFIG [--samples N] [--out DIR] [--set PATH=VALUE]",
            {Input("the experiment's config"),
             Default<int64_t>("samples", 0, "the first N samples of the config (0: one batch)"),
             Optional<std::string>(
                 "out,o",
                 "folder of the result, the trace and the table (default: results/local/NAME-profile of the "
                 "working directory; what a former profile left there is replaced)"),
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
  const ProfiledRun profiled(plan.device);
  RunExperiment(plan,
                {.out = out,
                 .existing = values.Has("out") ? ResultWriter::Existing::kRefuse : ResultWriter::Existing::kReplace,
                 .quiet = values.IsSet("quiet")});
  profiled.Report(out);
  return 0;
}

}  // namespace skipbench::cli
