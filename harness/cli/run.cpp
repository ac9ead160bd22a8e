#include <filesystem>
#include <optional>

#include "harness/analysis/decide/record.h"
#include "harness/analysis/set_distances.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/cli/print_table.h"
#include "harness/cli/profile_run.h"
#include "harness/cli/sharing.h"
#include "harness/cli/stopping.h"
#include "harness/experiment/config/shard.h"
#include "harness/experiment/run/describe.h"
#include "harness/experiment/run/estimate.h"
#include "harness/experiment/run/run_experiment.h"
#include "harness/store/outputs.h"
#include "harness/store/result_reader.h"
#include "metrics/catalog.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

void Report(const Plan& plan, const fs::path& out) {
  ResultReader reader = ResultReader::Open(out, {.own = true, .known = CatalogMetrics()});
  if (const auto kept = KeptOf(reader)) reader.Keep(*kept);
  const auto table = MakeTable(reader, SetDistances(reader));
  PrintVerdict(table);
  PrintTable(table);
  WriteSheet(reader, plan.config.contact_sheet_rows, out);
  if (plan.config.contact_sheet_rows > 0) fmt::print("pictures: {}\n", (out / kContactSheet).string());
  fmt::print("results:  {}\n", out.string());
}

// How long it will take, before it starts. A prediction that fails here fails in the run too, which says why.
void PrintEstimate(const Plan& plan, bool resumed) {
  double forward = 0;
  try {
    forward = MeasureForward(plan);
  } catch (const std::exception&) {
    return;
  }
  fmt::print(stderr, "skipbench: {}{}\n", DescribeTime(plan, forward),
             resumed              ? ", less what is there already"
             : plan.config.decide ? ", less what need not be run"
                                  : "");
}

fs::path DefaultFolder(const std::string& name, const Shard& shard) {
  const fs::path folder = fs::path("results") / "local" / name;
  return shard.count == 1 ? folder : folder / fmt::format("shard-{}-of-{}", shard.index, shard.count);
}

}  // namespace

int SayWhatFailed(const RunSummary& summary) {
  if (summary.failed)
    fmt::print(stderr, "skipbench: {} of the samples' runs failed; the table's last column counts them\n",
               summary.failed);
  if (summary.not_supported)
    fmt::print(stderr, "skipbench: {} settings are not supported here; the table says why\n", summary.not_supported);
  return summary.failed || summary.not_supported ? 3 : 0;
}

namespace {

std::vector<Option> Options() {
  std::vector<Option> options = {
      Input("the experiment's config"),
      Optional<std::string>("out,o",
                            "results folder (default: results/local/NAME of the working directory; of a shard, its "
                            "own folder in there)"),
      Repeated("set", "PATH=VALUE[,VALUE...]: change a value of the config; several sweep"),
      Optional<std::string>("shard",
                            "i/n, i from 0: only this part of the samples, into a folder of its own; `skipbench merge` "
                            "joins the parts. auto: as --claim, for processes that srun, mpirun or torchrun has "
                            "started: each takes the GPU of its local rank"),
      Repeated("with",
               "folder of another shard of a run with \"decide\": what it has committed is looked at, so that "
               "settings are dropped here too; it changes what is run, never the merged result"),
      Flag("resume", "go on with an interrupted run"),
      Flag("overwrite", "replace the result that is in the folder; what is not a result's own stays"),
      Repeated("extend",
               "RESULT: an earlier result, whose settings, samples and metrics are taken where everything is the same; "
               "once for each part of it"),
      Flag("profile", "say where the time went, and write profile.json and trace.json into the results folder"),
      Flag("dry-run", "print the plan and stop"),
      Models(),
      Flag("allow-missing", "leave out metrics whose weights are missing; their columns say so"),
      Grace(),
      Quiet()};
  const auto sharing = SharingOptions();
  options.insert(options.begin() + 4, sharing.begin(), sharing.end());
  return options;
}

// What was taken, and, of several processes, who has put the result together.
void SayWhatWasRun(const RunOptions& run, const RunSummary& summary, const Plan& plan) {
  for (const auto& note : summary.notes) fmt::print(stderr, "skipbench: {}\n", note);
  if (!run.extend.empty())
    fmt::print("taken from the earlier result: {} of {} (sample, setting) pairs; {} network evaluations for the rest\n",
               summary.taken, summary.samples_done * std::ssize(plan.settings), summary.evaluations);
  if (!summary.joined_here)
    fmt::print("this process ran {} of {} samples; the result is complete: {}\n", summary.samples_done,
               plan.end - plan.begin, run.out.string());
}

ResultWriter::Existing ExistingOf(const Values& values) {
  const bool resume = values.IsSet("resume"), overwrite = values.IsSet("overwrite");
  if (resume && overwrite) Fail("skipbench run: --resume and --overwrite exclude each other");
  using Existing = ResultWriter::Existing;
  return resume ? Existing::kResume : overwrite ? Existing::kReplace : Existing::kRefuse;
}

}  // namespace

int Run(const Texts& args) {
  const Values values =
      Parse("run",
            "run CONFIG [--out DIR] [--set PATH=VALUE[,VALUE...]] [--shard i/n|auto] [--claim] [--with DIR] "
            "[--resume | --overwrite] [--extend RESULT] [--dry-run] [--profile] [--grace TIME]",
            Options(), args);
  Sharing sharing = ReadSharing(values);
  Stopping stopping("run", args, values, /*joins=*/static_cast<bool>(sharing));
  ExperimentConfig config = ReadExperimentConfig(values.OnlyInput("one config file"), values.All("set"));
  RunOptions run;
  const Shard shard = values.Has("shard") && !sharing ? ParseShard(values.Text("shard")) : Shard{};
  run.out = values.Has("out") ? fs::path(values.Text("out")) : DefaultFolder(config.name, shard);
  run.existing = ExistingOf(values);
  run.quiet = values.IsSet("quiet");
  for (const auto& folder : values.All("with")) run.others.emplace_back(folder);
  if (!run.others.empty() && (!config.decide || shard.count == 1))
    Fail("skipbench run: --with is for the shards (--shard) of a run with \"decide\"");
  const bool dry = values.IsSet("dry-run");
  // Before anything is loaded for nothing.
  if (run.existing == ResultWriter::Existing::kRefuse && !sharing && !dry) ResultWriter::RefuseResult(run.out);
  for (const auto& result : values.All("extend")) run.extend.emplace_back(result);
  if (dry && !run.extend.empty())
    Fail("skipbench run: --dry-run and --extend exclude each other: what fits is found out by the run itself");
  Place(&sharing, &config);
  Plan plan = MakePlan(std::move(config), {.models = values.Text("models"),
                                           .shapes_only = dry,
                                           .allow_missing_metrics = values.IsSet("allow-missing"),
                                           .shard = shard});
  if (dry) {
    fmt::print("{}", DescribePlan(plan));
    return 0;
  }
  if (sharing.speaks()) {
    if (!sharing.note.empty()) fmt::print(stderr, "skipbench: {}\n", sharing.note);
    for (const auto& note : plan.notes) fmt::print(stderr, "skipbench: {}\n", note);
    if (!run.quiet) PrintEstimate(plan, values.IsSet("resume"));
  }
  std::optional<ProfiledRun> profiled;
  if (values.IsSet("profile")) profiled.emplace(plan.device);
  stopping.Attach(&run);
  if (sharing) (run.share = sharing.options)->stop = run.stop;
  const RunSummary summary = RunExperiment(plan, run);
  SayWhatWasRun(run, summary, plan);
  if (summary.joined_here) Report(plan, run.out);
  if (profiled && summary.samples_done > 0)
    profiled->Report(run.out);
  else if (profiled)
    fmt::print(stderr, "skipbench: --profile: all samples were there, nothing ran\n");
  if (const int code = SayWhatFailed(summary)) return code;
  return summary.decisions ? ExitCode(*summary.decisions) : 0;
}

}  // namespace skipbench::cli
