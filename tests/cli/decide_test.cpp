// A run that stops when its question is answered: killed, resumed, in shards, it gives the same answers and the same
// result.
#include "harness/analysis/decide/record.h"
#include "tests/cli/shard_support.h"

namespace skipbench {
namespace {

using testing::Contains;
using testing::Differences;
using testing::RunConfig;
using testing::RunShards;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;

Json Config(const std::string& question = "pareto") {
  Json config = SmallConfig(18, 10);
  config["methods"] = {{{"type", "full_step"}},
                       {{"type", "fewer_steps"}, {"steps", {3, 5, 8}}},
                       {{"type", "adaptive_diffusion"}, {"delta", {0.05, 0.2}}},
                       {{"type", "fixed_path"}, {"interval", {2, 3}}}};
  config["metrics"] = {"psnr", "fd_fashion"};
  config["wave_size"] = 2;
  config["decide"] = {{"question", question}, {"level", 0.7}, {"burn_in", 4}};
  return config;
}

// The stored answers.
std::vector<std::string> StoredWords(const std::filesystem::path& result) {
  const ResultReader reader = ResultReader::Open(result);
  const auto groups = reader.OpenExtra(kDecisionsPart);
  return groups.empty() ? std::vector<std::string>{} : groups.front().Read<std::string>("words");
}

int64_t Evaluations(const std::filesystem::path& result) { return ResultReader::Open(result).TotalCost().evaluations; }

TEST(Decide, KilledResumedAndInShardsTheAnswersAreTheSame) {
  const TempDir dir;
  const Json config = Config();
  const auto run = RunConfig(dir, config, "whole");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(Contains(run.out, "dominated by ")) << run.out;
  Json all = config;
  all.erase("decide");
  ASSERT_EQ(RunConfig(dir, all, "all").exit_code, 0);
  EXPECT_LT(Evaluations(dir / "whole"), 0.9 * static_cast<double>(Evaluations(dir / "all")));
  const auto words = StoredWords(dir / "whole");
  ASSERT_EQ(words.size(), 8u);
  std::mt19937 random(5);
  for (int kill = 0; kill < 4; ++kill)
    if (RunConfig(dir, config, "killed", {"--resume"}, 200 + static_cast<int>(random() % 900)).exit_code == 0) break;
  ASSERT_EQ(RunConfig(dir, config, "killed", {"--resume"}).exit_code, 0);
  EXPECT_EQ(Differences(dir / "whole", dir / "killed"), "");
  EXPECT_EQ(StoredWords(dir / "killed"), words);
  for (const int count : {2, 5}) {
    const auto shards = RunShards(dir, config, fmt::format("of{}_", count), count, count == 2 ? 1 : 0, random);
    const auto merged = dir / fmt::format("merged{}", count);
    std::vector<std::string> args = {"merge", "--out", merged.string()};
    args.insert(args.end(), shards.begin(), shards.end());
    const auto merge = Skipbench(args);
    ASSERT_EQ(merge.exit_code, 0) << merge.err;
    EXPECT_EQ(Differences(dir / "whole", merged), "");
    EXPECT_EQ(StoredWords(merged), words);
  }
  // A shard that sees the first one's waves drops what they decide.
  ASSERT_EQ(RunConfig(dir, config, "seeing", {"--shard", "1/2", "--with", (dir / "of2_0").string()}).exit_code, 0);
  EXPECT_LT(Evaluations(dir / "seeing"), Evaluations(dir / "of2_1"));
  const auto merge = Skipbench(
      {"merge", (dir / "of2_0").string(), (dir / "seeing").string(), "--out", (dir / "merged_seeing").string()});
  ASSERT_EQ(merge.exit_code, 0) << merge.err;
  EXPECT_EQ(Differences(dir / "whole", dir / "merged_seeing"), "");
}

TEST(Decide, EveryCommandReadsWhatStopped) {
  const TempDir dir;
  ASSERT_EQ(RunConfig(dir, Config("fewer_steps"), "new").exit_code, 0);
  const std::string result = (dir / "new").string();
  const auto json = Skipbench({"table", result, "--format", "json"});
  const Json table = ParseJson(json.out, "table");
  EXPECT_EQ(table["decide"]["question"], "fewer_steps");
  EXPECT_EQ(table["settings"][0]["decision"]["words"], "the full run");
  const auto csv = Skipbench({"table", result, "--format", "csv"});
  EXPECT_TRUE(Contains(csv.out, "decision_answer,decision_samples,decision_run_samples")) << csv.out;
  const auto paired = Skipbench({"table", result, "--paired", "fewer_steps(steps=5)"});
  EXPECT_TRUE(Contains(paired.out, "confidence sequences")) << paired.out;
  const auto compare = Skipbench({"compare", result, result});
  EXPECT_EQ(compare.exit_code, 0) << compare.out;
  EXPECT_TRUE(Contains(compare.out, "hold at every number of samples")) << compare.out;
  const auto report = Skipbench({"report", result, "--out", (dir / "report").string()});
  EXPECT_EQ(report.exit_code, 0) << report.err;
}

TEST(Decide, ARegressionIsAnExitCode) {
  const TempDir dir;
  Json base = Config();
  base.erase("decide");
  ASSERT_EQ(RunConfig(dir, base, "base").exit_code, 0);
  Json config = base;
  config["decide"] = {{"question", "regression"}, {"baseline", "base"}, {"burn_in", 4}};
  const auto same = RunConfig(dir, config, "same");
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
  EXPECT_EQ(ResultReader::Open(dir / "same").samples().size(), 4u);
  // Every sample of a setting that fails is a loss: a noise file of another run makes other pictures.
  config["seed"] = 8;
  const auto other = RunConfig(dir, config, "other");
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_TRUE(Contains(other.err, "not comparable with this run: other seed")) << other.err;
}

TEST(Decide, TuneNamesTheBestWithinABudget) {
  const TempDir dir;
  Json config = Config();
  config.erase("decide");
  testing::WriteFile(dir / "config.json", config.dump());
  const auto tune = Skipbench({"tune", (dir / "config.json").string(), "--out", (dir / "tuned").string(), "--quiet",
                               "--budget", "0.6", "--set", "decide.level=0.7", "--set", "decide.burn_in=4"});
  EXPECT_EQ(tune.exit_code, 0) << tune.err;
  EXPECT_TRUE(Contains(tune.out, "at most 0.6 of the full run's cost: ")) << tune.out;
}

TEST(Decide, OptionsAreChecked) {
  const TempDir dir;
  const auto expect = [&](const Json& decide, const std::string& text) {
    Json config = Config();
    config["decide"] = decide;
    const auto run = RunConfig(dir, config, "none");
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_TRUE(Contains(run.err, text)) << run.err;
  };
  expect({{"question", "parato"}}, "decide.question");
  expect({{"question", "regression"}}, "decide.baseline: missing");
  expect({{"metric", "ssim"}}, "decide.metric: \"ssim\" is not measured");
  expect({{"level", 1}}, "decide.level");
  expect({{"baseline", "x"}}, "only of the question \"regression\"");
}

}  // namespace
}  // namespace skipbench
