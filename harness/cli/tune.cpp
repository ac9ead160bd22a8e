#include <filesystem>

#include "harness/analysis/decide/record.h"
#include "harness/analysis/table.h"
#include "harness/base/format.h"
#include "harness/base/json.h"
#include "harness/cli/budgets.h"
#include "harness/cli/commands.h"
#include "harness/cli/stopping.h"
#include "harness/experiment/run/run_experiment.h"
#include "harness/report/tables/answer_text.h"
#include "harness/report/tables/table_notes.h"
#include "harness/store/result_reader.h"
#include "metrics/catalog.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

ExperimentConfig ReadConfig(const Values& values) {
  const std::string file = values.OnlyInput("one config file");
  Texts sets = values.All("set");
  if (const std::string question = values.Text("question"); !question.empty())
    sets.push_back("decide.question=" + question);
  for (const char* option : {"metric", "margin", "samples"})
    if (values.Has(option)) sets.push_back(fmt::format("decide.{}={}", option, values.Text(option)));
  const bool asks = ReadJsonFile(file).contains("decide") ||
                    std::ranges::any_of(sets, [](const auto& set) { return set.starts_with("decide"); });
  if (!asks) sets.emplace_back("decide.question=pareto");
  ExperimentConfig config = ReadExperimentConfig(file, sets);
  if (config.decide->asks("regression"))
    Fail("{}: decide.question: \"regression\" tunes nothing; `skipbench run` decides it", file);
  return config;
}

}  // namespace

int Tune(const Texts& args) {
  const Values values = Parse(
      "tune",
      "tune CONFIG [--question pareto|fewer_steps] [--budget F,F,...] [--out DIR] [--resume | --overwrite] "
      "[--grace TIME]",
      {Input("an experiment's config, whose lists are the sweep"),
       Optional<std::string>("question", "what is decided (default: the config's \"decide\", else pareto)")
           .Of({"pareto", "fewer_steps"}),
       Optional<std::string>("metric", "what counts (default: the config's, else psnr)"),
       Optional<std::string>("margin", "differences that do not count, in the metric's unit"),
       Optional<std::string>("samples", "at most so many samples"),
       Default<std::string>("budget", "0.25,0.5,0.75", "fractions of the full run's cost to name the best setting for"),
       Optional<std::string>("out,o", "results folder (default: results/local/NAME-tune)"),
       Repeated("set", "PATH=VALUE[,VALUE...]: change a value of the config; several sweep"),
       Flag("resume", "go on with an interrupted run"),
       Flag("overwrite", "replace the result that is in the folder; what is not a result's own stays"), Models(),
       Grace(), Quiet()},
      args);
  Stopping stopping("tune", args, values);
  const std::vector<double> budgets = ReadBudgets("tune", values.Text("budget"));
  ExperimentConfig config = ReadConfig(values);
  RunOptions run;
  run.out = values.Has("out") ? fs::path(values.Text("out")) : fs::path("results") / "local" / (config.name + "-tune");
  const bool resume = values.IsSet("resume"), overwrite = values.IsSet("overwrite");
  if (resume && overwrite) Fail("skipbench tune: --resume and --overwrite exclude each other");
  using Existing = ResultWriter::Existing;
  run.existing = resume ? Existing::kResume : overwrite ? Existing::kReplace : Existing::kRefuse;
  run.quiet = values.IsSet("quiet");
  Plan plan = MakePlan(std::move(config), {.models = values.Text("models")});
  for (const auto& note : plan.notes) fmt::print(stderr, "skipbench: {}\n", note);
  stopping.Attach(&run);
  const RunSummary summary = RunExperiment(plan, run);
  const ResultReader result = ResultReader::Open(run.out, {.own = true, .known = CatalogMetrics()});
  const auto table = MakeTable(result);
  fmt::print("{}", RenderAnswer(table, budgets));
  fmt::print("{}\n{} network evaluations; results: {}\n", DecisionNote(*table.decisions),
             Thousands(table.cost.evaluations), run.out.string());
  return summary.failed || summary.not_supported ? 3 : 0;
}

}  // namespace skipbench::cli
