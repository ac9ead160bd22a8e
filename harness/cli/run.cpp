#include <filesystem>

#include "harness/analysis/set_distances.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/experiment/config/shard.h"
#include "harness/experiment/run/describe.h"
#include "harness/experiment/run/run_experiment.h"
#include "harness/report/figures/contact_sheet.h"
#include "harness/report/tables/render_table.h"
#include "harness/store/outputs.h"
#include "harness/store/result_reader.h"
#include "metrics/catalog.h"

namespace skipbench::cli {

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

void Report(const Plan& plan, const fs::path& out) {
  ResultReader reader = ResultReader::Open(out, {.own = true, .known = CatalogMetrics()});
  fmt::print("\n{}\n", RenderMarkdown(MakeTable(reader, SetDistances(reader))));
  if (plan.config.contact_sheet_rows > 0) {
    const fs::path sheet = out / kContactSheet;
    NoteMissingFonts(sheet, WriteContactSheet(reader, plan.config.contact_sheet_rows, sheet));
    fmt::print("pictures: {}\n", sheet.string());
  }
  fmt::print("results:  {}\n", out.string());
}

fs::path DefaultFolder(const std::string& name, const Shard& shard) {
  const fs::path folder = fs::path("results") / "local" / name;
  return shard.count == 1 ? folder : folder / fmt::format("shard-{}-of-{}", shard.index, shard.count);
}

}  // namespace

int Run(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()("input", po::value<std::vector<std::string>>(), "the experiment's config")(
      "out,o", po::value<std::string>(),
      "results folder (default: results/local/NAME of the working directory; of a shard, its own folder in there)")(
      "set", po::value<std::vector<std::string>>()->composing(),
      "PATH=VALUE[,VALUE...]: change a value of the config; several sweep")(
      "shard", po::value<std::string>(),
      "i/n, i from 0: only this part of the samples; `skipbench merge` joins the parts")(
      "resume", po::bool_switch(), "go on with an interrupted run")(
      "overwrite", po::bool_switch(), "replace the result that is in the folder; what is not a result's own stays")(
      "dry-run", po::bool_switch(), "print the plan and stop")("models", po::value<std::string>()->default_value(""),
                                                               "folders to look for models in, separated by colons")(
      "allow-missing", po::bool_switch(), "leave out metrics whose weights are missing; their columns say so")(
      "quiet,q", po::bool_switch(), "no progress line");
  const auto values = Parse(
      "run", "run CONFIG [--out DIR] [--set PATH=VALUE[,VALUE...]] [--shard i/n] [--resume | --overwrite] [--dry-run]",
      options, args);
  if (!values.contains("input") || values["input"].as<std::vector<std::string>>().size() != 1)
    Fail("skipbench run: one config file was expected");
  const fs::path file = values["input"].as<std::vector<std::string>>()[0];
  const auto sets = values.contains("set") ? values["set"].as<std::vector<std::string>>() : std::vector<std::string>{};
  ExperimentConfig config = ReadExperimentConfig(file, sets);
  RunOptions run;
  const Shard shard = values.contains("shard") ? ParseShard(values["shard"].as<std::string>()) : Shard{};
  run.out = values.contains("out") ? fs::path(values["out"].as<std::string>()) : DefaultFolder(config.name, shard);
  const bool resume = values["resume"].as<bool>(), overwrite = values["overwrite"].as<bool>();
  if (resume && overwrite) Fail("skipbench run: --resume and --overwrite exclude each other");
  using Existing = ResultWriter::Existing;
  run.existing = resume ? Existing::kResume : overwrite ? Existing::kReplace : Existing::kRefuse;
  run.quiet = values["quiet"].as<bool>();
  const bool dry = values["dry-run"].as<bool>();
  Plan plan = MakePlan(std::move(config), {.models = values["models"].as<std::string>(),
                                           .shapes_only = dry,
                                           .allow_missing_metrics = values["allow-missing"].as<bool>(),
                                           .shard = shard});
  if (dry) {
    fmt::print("{}", DescribePlan(plan));
    return 0;
  }
  for (const auto& note : plan.notes) fmt::print(stderr, "skipbench: {}\n", note);
  const RunSummary summary = RunExperiment(plan, run);
  Report(plan, run.out);
  if (summary.failed)
    fmt::print(stderr, "skipbench: {} of the samples' runs failed; the table's last column counts them\n",
               summary.failed);
  if (summary.not_supported)
    fmt::print(stderr, "skipbench: {} settings are not supported here; the table says why\n", summary.not_supported);
  return summary.failed || summary.not_supported ? 3 : 0;
}

}  // namespace skipbench::cli
