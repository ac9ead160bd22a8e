// Searches, studies of paths and recorded paths through the program: results, resume after kill -9, and bad input.
#include <filesystem>

#include "harness/io/files/append_log.h"
#include "harness/store/path_study_record.h"
#include "harness/store/search_record.h"
#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Differences;
using testing::ReadFile;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;
using testing::WriteFile;

Json SearchConfig(int samples = 3, int steps = 7) {
  Json config = SmallConfig(samples, steps);
  config["batch_invariant"] = true;  // so that results can be compared bit by bit
  config["wave_size"] = 2;
  config["methods"] = {{{"type", "full_step"}}, {{"type", "greedy_search"}, {"skips", {1, 3}}}};
  return config;
}

std::vector<SearchRecord> SearchesOf(const fs::path& result) { return ReadSearches(ResultReader::Open(result)); }

TEST(GreedySearchRun, RowsReplayWhatWasFound) {
  const TempDir dir;
  const auto run = RunConfig(dir, SearchConfig(), "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("greedy_search(skips=3)"), std::string::npos) << run.out;
  const auto searches = SearchesOf(dir / "out");
  ASSERT_EQ(searches.size(), 2u) << "one a wave";
  ResultReader reader = ResultReader::Open(dir / "out");
  const auto action = reader.Read<uint8_t>(2, "action");
  const auto error = reader.Read<double>(2, "latent_l2").values;
  size_t sample = 0;
  for (const auto& record : searches) {
    EXPECT_EQ(record.settings, (std::vector<int64_t>{1, 2}));
    EXPECT_LT(record.evaluations, record.naive_evaluations);
    EXPECT_EQ(record.tried_error.size(), record.samples.size() * (6 + 5 + 4));
    for (size_t subject = 0; subject < record.samples.size(); ++subject, ++sample) {
      ASSERT_EQ(record.PathCount(static_cast<int64_t>(subject)), 4);
      for (int64_t call = 0; call < 7; ++call)
        EXPECT_EQ(action.values[sample * 7 + call], record.family.values[(subject * 4 + 3) * 7 + call]);
      EXPECT_NEAR(error[sample], record.family_error.values[subject * 4 + 3], 1e-9);
    }
  }
  EXPECT_FALSE(fs::exists(dir / "out/search")) << "the progress is of no more use";
  const auto paths = Skipbench({"table", "--paths", (dir / "out").string()});
  EXPECT_NE(paths.out.find("Search greedy: 45 paths over 3 samples"), std::string::npos) << paths.out << paths.err;
}

TEST(GreedySearchRun, KilledAndResumedItEndsTheSame) {
  const TempDir dir;
  Json config = SearchConfig(2, 12);
  config["methods"][1]["skips"] = {4, 9};
  config["metrics"] = {"latent_error"};
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  int kills = 0, within_search = 0;
  size_t lines = 0;
  for (int wait = 250; kills < 100; wait += 150) {
    const auto run = RunConfig(dir, config, "torn", {"--resume"}, wait);
    if (run.exit_code == 0) break;
    ASSERT_EQ(run.exit_code, -9) << run.err;
    ++kills;
    const auto log = dir / "torn/search/search_0_00000000-00000002.jsonl";
    if (!fs::exists(log)) continue;
    const std::string text = ReadFile(log);
    const size_t now = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    EXPECT_GE(now, lines) << "progress was lost";
    lines = now;
    within_search += now > 3;
  }
  EXPECT_GT(kills, 0);
  EXPECT_EQ(Differences(dir / "whole", dir / "torn"), "");
  const auto whole = SearchesOf(dir / "whole"), torn = SearchesOf(dir / "torn");
  ASSERT_EQ(whole.size(), torn.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(whole[i].family.values, torn[i].family.values);
    EXPECT_EQ(whole[i].tried_path.values, torn[i].tried_path.values);
    EXPECT_EQ(whole[i].tried_error, torn[i].tried_error);
    EXPECT_GE(torn[i].evaluations, whole[i].evaluations);
  }
  RecordProperty("kills", kills);
  RecordProperty("within_search", within_search);
}

// A torn or foreign log: what is whole counts, what belongs elsewhere is refused.
TEST(GreedySearchRun, AnswersFromTheLogAndRefusesAnothersLog) {
  const TempDir dir;
  const Json config = SearchConfig(1, 5);
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  const auto record = SearchesOf(dir / "whole").at(0);
  std::string log = Json{{"search", "greedy"}, {"calls", 5}, {"samples", record.samples}}.dump() + "\n";
  for (size_t i = 0; i < record.tried_error.size(); ++i) {
    std::string path;
    for (int call = 0; call < 5; ++call) path += record.tried_path.values[i * 5 + call] ? '1' : '0';
    log += Json{{"sample", record.tried_sample[i]}, {"path", path}, {"error", record.tried_error[i]}}.dump() + "\n";
  }
  const std::string name = "search/search_0_00000000-00000001.jsonl";
  AppendLog(dir / "logged" / name).Append(log);
  WriteFile(dir / "logged" / name, ReadFile(dir / "logged" / name) + "{\"sample\":0,\"pa");
  ASSERT_EQ(RunConfig(dir, config, "logged", {"--resume"}).exit_code, 0);
  const auto resumed = SearchesOf(dir / "logged").at(0);
  EXPECT_EQ(resumed.family.values, record.family.values);
  EXPECT_EQ(resumed.evaluations, 0) << "every answer was in the log";

  AppendLog(dir / "foreign" / name).Append("{\"search\":\"beam=4\"}\n");
  const auto refused = RunConfig(dir, config, "foreign", {"--resume"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE((refused.err + refused.out).find("belongs to another search"), std::string::npos)
      << refused.err << refused.out;
}

TEST(GreedySearchRun, OneSharedPathForAll) {
  const TempDir dir;
  Json config = SearchConfig(3, 6);
  config["methods"][1] = {{"type", "greedy_search"}, {"skips", 3}, {"scope", "shared"}, {"samples", 2}};
  ASSERT_EQ(RunConfig(dir, config, "out").exit_code, 0);
  const auto record = SearchesOf(dir / "out").at(0);
  EXPECT_TRUE(record.shared);
  EXPECT_EQ(record.samples.size(), 2u);
  ResultReader reader = ResultReader::Open(dir / "out");
  const auto action = reader.Read<uint8_t>(1, "action").values;
  const auto error = reader.Read<double>(1, "latent_l2").values;
  for (int sample = 0; sample < 3; ++sample)
    for (int call = 0; call < 6; ++call) EXPECT_EQ(action[sample * 6 + call], record.family.values[3 * 6 + call]);
  EXPECT_NEAR(std::sqrt((error[0] * error[0] + error[1] * error[1]) / 2), record.family_error.values[3], 1e-9);
}

TEST(FixedPathRun, ReplaysPathsOfAnotherResult) {
  const TempDir dir;
  ASSERT_EQ(RunConfig(dir, SearchConfig(), "out").exit_code, 0);
  Json config = SearchConfig();
  config["methods"] = {
      {{"type", "full_step"}},
      {{"type", "fixed_path"}, {"from", "out"}, {"setting", "greedy_search(skips=1)"}, {"skips", {2, 3}}},
      {{"type", "fixed_path"}, {"from", "out"}, {"setting", "greedy_search(skips=3)"}, {"name", "as it ran"}},
      {{"type", "fixed_path"}, {"from", "out"}, {"setting", "greedy_search(skips=3)"}, {"sample", 0}},
      {{"type", "fixed_path"}, {"random", 3}, {"seed", {0, 1}}}};
  const auto run = RunConfig(dir, config, "replayed");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ResultReader original = ResultReader::Open(dir / "out"), replayed = ResultReader::Open(dir / "replayed");
  const auto searched = original.Read<uint8_t>(2, "action").values;
  EXPECT_EQ(replayed.Read<uint8_t>(2, "action").values, searched) << "out of the searched family";
  EXPECT_EQ(replayed.Read<uint8_t>(3, "action").values, searched) << "the path that ran";
  const auto one = replayed.Read<uint8_t>(4, "action").values;
  for (size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i], searched[i % 7]);
  for (const double nfe : replayed.Read<double>(5, "nfe").values) EXPECT_EQ(nfe, 4);
  EXPECT_NE(replayed.Read<uint8_t>(5, "action").values, replayed.Read<uint8_t>(6, "action").values);
  EXPECT_EQ(replayed.Read<double>(2, "latent_l2").values, original.Read<double>(2, "latent_l2").values);

  auto refused = [&](Json method, const std::string& text, int steps = 7, int samples = 3) {
    Json bad = SearchConfig(samples, steps);
    method["type"] = "fixed_path";
    bad["methods"] = {{{"type", "full_step"}}, method};
    const auto result = RunConfig(dir, bad, "bad");
    EXPECT_EQ(result.exit_code, 3) << text;
    EXPECT_NE(result.err.find(text), std::string::npos) << "wanted: " << text << "\nfound: " << result.err;
  };
  const std::string row = "greedy_search(skips=3)";
  refused({{"from", "nowhere"}}, "nowhere: no such result");
  refused({{"from", "out"}}, "has 2 settings besides the reference; \"setting\" must say whose paths are meant");
  refused({{"from", "out"}, {"setting", "x"}},
          "has no setting \"x\"; there are: full_step, greedy_search(skips=1), greedy_search(skips=3)");
  refused({{"from", "out"}, {"setting", row}, {"skips", 5}}, "the search went up to 3 skips");
  refused({{"from", "out"}, {"setting", "full_step"}, {"skips", 1}}, "full_step searched for no paths");
  refused({{"from", "out"}, {"setting", row}}, "the path has 7 entries, the run makes 9 scheduler calls", 9);
  refused({{"from", "out"}, {"setting", row}}, "holds no path of sample", 7, 4);
  refused({{"from", "out"}, {"setting", row}, {"sample", 999}}, "holds no path of sample 999");
}

TEST(FixedPathRun, OneLineServesAllSchedulersOfAConfig) {
  const TempDir dir;
  Json config = SearchConfig(2, 6);
  config["scheduler"] = {"ddim", "euler"};
  config["methods"] = {{{"type", "full_step"}}, {{"type", "greedy_search"}, {"skips", 2}, {"scope", "shared"}}};
  ASSERT_EQ(RunConfig(dir, config, "out").exit_code, 0);
  config["scheduler"] = {"euler", "ddim"};
  config["methods"][1] = {
      {"type", "fixed_path"}, {"from", "out"}, {"setting", "greedy_search(skips=2,scope=shared)"}, {"skips", {1, 2}}};
  const auto run = RunConfig(dir, config, "replayed");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ResultReader original = ResultReader::Open(dir / "out"), replayed = ResultReader::Open(dir / "replayed");
  EXPECT_EQ(replayed.Read<uint8_t>(2, "action").values, original.Read<uint8_t>(3, "action").values) << "euler";
  EXPECT_EQ(replayed.Read<uint8_t>(5, "action").values, original.Read<uint8_t>(1, "action").values) << "ddim";
  config["scheduler"] = {"euler", "dpm_solver_multistep"};
  const auto missing = RunConfig(dir, config, "missing");
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_NE(missing.err.find("has no setting \"greedy_search(skips=2,scope=shared)\"; there are: full_step [ddim]"),
            std::string::npos)
      << missing.err;
}

TEST(PathStudyRun, ComparesAndIsStored) {
  const TempDir dir;
  Json config = SearchConfig(3, 9);
  config["methods"] = {{{"type", "full_step"}}};
  config["path_study"] = {
      {"skips", 4},
      {"samples", 2},
      {"permutations", 199},
      {"random_paths", 1},
      {"estimators",
       {{{"use", "ranked"}, {"method", {{"type", "difference_order"}, {"order", 2}}}},
        {{"use", "thresholded"}, {"method", {{"type", "adaptive_diffusion"}, {"delta", {0.05, 0.2, 1.0}}}}}}}};
  const auto run = RunConfig(dir, config, "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ResultReader reader = ResultReader::Open(dir / "out");
  const auto groups = reader.OpenExtra(kPathStudyGroup);
  ASSERT_EQ(groups.size(), 1u);
  const PathStudyRecord study = ReadPathStudy(groups[0]);
  EXPECT_EQ(study.samples.size(), 3u);
  ASSERT_EQ(study.estimates.size(), 2u);
  const auto& ranked = study.estimates[0];
  for (int64_t s = 0; s < 3; ++s)
    for (int64_t k = 0; k < 4; ++k) {
      const int64_t at = s * 4 + k;
      int64_t skips = 0;
      for (int64_t call = 0; call < 9; ++call) skips += ranked.path.values[at * 9 + call] == 0;
      EXPECT_EQ(skips, k + 1);
      EXPECT_TRUE(std::isfinite(ranked.error.values[at]));
      EXPECT_TRUE(std::isfinite(study.random_error.values[at]));
      EXPECT_EQ(std::isnan(study.searched_error.values[at]), s == 2) << "only the first two are searched";
      EXPECT_EQ(std::isnan(ranked.statistics.at("kappa").values[at]), s == 2);
      if (s == 2) continue;
      const auto table = std::span(ranked.table.values).subspan(at * 4, 4);
      EXPECT_EQ(table[0] + table[1], k + 1);
      EXPECT_EQ(table[0] + table[2], k + 1);
      EXPECT_EQ(table[0] + table[1] + table[2] + table[3], 8) << "call 0 is left out";
    }
  for (const std::string format : {"markdown", "latex", "csv", "json"}) {
    const auto table = Skipbench({"table", "--paths", (dir / "out").string(), "--format", format});
    EXPECT_EQ(table.exit_code, 0) << table.err;
    EXPECT_NE(table.out.find("order=2"), std::string::npos) << table.out;
    if (format == "json") {
      EXPECT_EQ(ParseJson(table.out, "stdout").at("estimated").size(), 8u);
    }
  }
}

TEST(PathStudyRun, BadInput) {
  const TempDir dir;
  auto refused = [&](const Json& study, const std::string& text) {
    Json config = SearchConfig(2, 6);
    config["methods"] = {{{"type", "full_step"}}};
    config["path_study"] = study;
    const auto run = RunConfig(dir, config, "out");
    EXPECT_EQ(run.exit_code, 3) << text;
    EXPECT_NE(run.err.find(text), std::string::npos) << "wanted: " << text << "\nfound: " << run.err;
  };
  const Json estimators = {{{"method", {{"type", "adaptive_diffusion"}}}}};
  refused({{"skips", 6}, {"estimators", estimators}}, "6 skips were asked for; of 6 calls at most 5 can be skipped");
  refused({{"skips", 2}}, "estimators");
  refused({{"skips", 2}, {"estimators", estimators}, {"extra", 1}}, "path_study.extra: unknown key");
  refused({{"skips", 2}, {"estimators", {{{"method", {{"type", "adaptive_diffusion"}, {"delta", 1}}}}}}},
          "a ranked estimate has none");
  refused(
      {{"skips", 2}, {"estimators", {{{"method", {{"type", "greedy_search"}, {"skips", 2}}}, {"use", "thresholded"}}}}},
      "cannot be an estimate");
  refused({{"skips", 2}, {"search", {{"scope", "shared"}}}, {"estimators", estimators}}, "each sample's own path");
  Json config = SearchConfig(2, 6);
  config["methods"] = {{{"type", "greedy_search"}, {"skips", 6}}};
  const auto run = RunConfig(dir, config, "out");
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("greedy_search(skips=6): 6 skips were asked for"), std::string::npos) << run.err;
  const auto none = Skipbench({"table", "--paths", (dir / "nothing").string()});
  EXPECT_EQ(none.exit_code, 3);
}

}  // namespace
}  // namespace skipbench
