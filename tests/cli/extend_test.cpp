// `run --extend`: what an earlier result has is taken, the rest is made, and the whole is the run from scratch.
#include <filesystem>
#include <fstream>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Differences;
using testing::ReadFile;
using testing::RunConfig;
using testing::Skipbench;
using testing::TempDir;

// Batches of one, so that what stands beside a setting does not round it otherwise.
Json Config(int samples = 2, std::vector<double> deltas = {0.05}) {
  Json config = testing::SmallConfig(samples, 8);
  config["batch_invariant"] = true;
  config["wave_size"] = 2;
  config["methods"][1]["delta"] = std::move(deltas);
  config["methods"][2]["steps"] = 4;
  return config;
}

std::string Unlike(const fs::path& a, const fs::path& b) { return Differences(a, b) + Differences(b, a); }

int64_t Evaluations(const fs::path& result) { return ResultReader::Open(result).TotalCost().evaluations; }

// Runs `config` from scratch into `out`_whole and as an extension into `out`.
void ExpectExtended(const TempDir& dir, const Json& config, const std::string& out,
                    const std::vector<std::string>& results, std::vector<std::string> more = {}) {
  const auto whole = RunConfig(dir, config, out + "_whole");
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  for (const auto& result : results) more.insert(more.end(), {"--extend", (dir / result).string()});
  const auto run = RunConfig(dir, config, out, more);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Unlike(dir / (out + "_whole"), dir / out), "");
  EXPECT_LT(Evaluations(dir / out), Evaluations(dir / (out + "_whole")));
}

class Extend : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TempDir();
    const auto run = RunConfig(*dir_, Config(), "base");
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  static void TearDownTestSuite() {
    delete dir_;
    dir_ = nullptr;
  }
  const TempDir& dir() const { return *dir_; }
  static TempDir* dir_;
};
TempDir* Extend::dir_ = nullptr;

// Without saved pictures the full run is made again, and checked; the tree shares its calls with the new setting.
TEST_F(Extend, BySettings) {
  ExpectExtended(dir(), Config(2, {0.05, 0.2}), "delta", {"base"});
  const ResultReader result = ResultReader::Open(dir() / "delta");
  int64_t nfe = 0;  // of the full run and the new setting
  for (const size_t k : {0, 2})
    for (const double one : result.Read<double>(k, "nfe").values) nfe += static_cast<int64_t>(one);
  EXPECT_EQ(result.TotalCost().separate_evaluations, nfe);
  EXPECT_LT(result.TotalCost().evaluations, nfe);
  EXPECT_TRUE(result.Extras().contains("extended"));
}

TEST_F(Extend, BySamples) {
  ExpectExtended(dir(), Config(3), "samples", {"base"});
  const auto fewer = RunConfig(dir(), Config(1), "fewer", {"--extend", (dir() / "base").string()});
  ASSERT_EQ(fewer.exit_code, 0) << fewer.err;
  EXPECT_EQ(Evaluations(dir() / "fewer"), 0);
  EXPECT_TRUE(Contains(fewer.out, "3 of 3 (sample, setting) pairs; 0 network evaluations")) << fewer.out;
}

// Of saved pictures and latents a new metric costs no evaluation, and neither does the reference of a new setting.
TEST_F(Extend, ByMetricsAndByAllOnWhatIsSaved) {
  Json config = Config();
  config["save"] = {"images", "latents", "png"};
  config["metrics"] = {"psnr"};
  ASSERT_EQ(RunConfig(dir(), config, "saved").exit_code, 0);
  config["metrics"] = {"psnr", "ssim", "latent_error", "fd_fashion", "caption_accuracy"};
  ExpectExtended(dir(), config, "metrics", {"saved"});
  EXPECT_EQ(Evaluations(dir() / "metrics"), 0);
  EXPECT_EQ(Skipbench({"table", (dir() / "metrics").string(), "--format", "csv"}).out,
            Skipbench({"table", (dir() / "metrics_whole").string(), "--format", "csv"}).out);
  for (const auto& entry : fs::recursive_directory_iterator(dir() / "metrics_whole/png")) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(ReadFile(dir() / "metrics" / entry.path().lexically_relative(dir() / "metrics_whole")),
              ReadFile(entry.path()));
  }
  Json all = config;
  all["metrics"] = {"psnr", "ssim", "caption_accuracy"};
  all["data"]["count"] = 3;
  all["methods"][1]["delta"] = {0.05, 0.2};
  ExpectExtended(dir(), all, "all", {"saved"});
  all["save"] = {"png"};  // copied, or made again where there are none
  ExpectExtended(dir(), all, "files", {"metrics"});
}

// Where pictures are not saved, nothing is left to take for another metric of theirs, or for traces.
TEST_F(Extend, WhatIsNotSavedIsNotMeasured) {
  for (const bool traces : {false, true}) {
    Json more = Config();
    more["traces"] = traces;
    if (!traces) more["metrics"].push_back("caption_accuracy");
    const auto run = RunConfig(dir(), more, "nothing", {"--extend", (dir() / "base").string()});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_TRUE(Contains(run.err, "nothing of it can be taken")) << run.err;
    EXPECT_TRUE(Contains(run.err, traces ? "traces/" : "caption_accuracy is not there")) << run.err;
  }
}

// A new setting goes on from the kept outputs of the full run: its evaluations are those after its first skip.
TEST_F(Extend, FromKeptFullRuns) {
  Json config = Config();
  config["keep"] = "reference";
  const auto kept = RunConfig(dir(), config, "kept");
  ASSERT_EQ(kept.exit_code, 0) << kept.err;
  EXPECT_EQ(Unlike(dir() / "base", dir() / "kept"), "");
  EXPECT_EQ(Evaluations(dir() / "kept"), Evaluations(dir() / "base"));
  const Json more = Config(2, {0.05, 0.2});
  ExpectExtended(dir(), more, "of_kept", {"kept"});
  const ResultReader result = ResultReader::Open(dir() / "of_kept");
  const auto actions = result.Read<uint8_t>(2, "action");
  int64_t own = 0;
  for (int64_t s = 0; s < actions.shape[0]; ++s) {
    bool skipped = false;
    for (int64_t call = 0; call < actions.shape[1]; ++call) {
      const uint8_t action = actions.values[s * actions.shape[1] + call];
      skipped |= action != kActionPredict;
      own += skipped && action == kActionPredict;
    }
  }
  EXPECT_EQ(result.TotalCost().evaluations, own);
  EXPECT_GT(own, 0);
}

// Of what all settings predicted, a new one costs the prefixes that no other has: what a run from scratch has more.
TEST_F(Extend, FromAllThatWasPredicted) {
  Json config = Config(2, {0.05, 0.1});
  config["keep"] = "all";
  const auto kept = RunConfig(dir(), config, "every");
  ASSERT_EQ(kept.exit_code, 0) << kept.err;
  Json more = Config(2, {0.05, 0.1, 0.2, 0.15});
  more["keep"] = "all";
  ExpectExtended(dir(), more, "of_every", {"every"});
  EXPECT_EQ(Evaluations(dir() / "of_every"), Evaluations(dir() / "of_every_whole") - Evaluations(dir() / "every"));
  // The extension has kept both, so that the same once more costs nothing but what is predicted beyond them.
  const auto again =
      RunConfig(dir(), Config(2, {0.15, 0.2}), "of_extended", {"--extend", (dir() / "of_every").string()});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Evaluations(dir() / "of_extended"), 0);
}

// Beside features, which are not kept, and within a limit; a damaged file ends the run.
TEST_F(Extend, KeepsWithinItsLimit) {
  Json config = Config(3);
  config["keep"] = "reference";
  config["methods"].push_back({{"type", "deepcache"}, {"interval", 2}, {"branch", 0}});
  config["keep_limit"] = "150kB";
  const auto limited = RunConfig(dir(), config, "limited");
  ASSERT_EQ(limited.exit_code, 0) << limited.err;
  EXPECT_TRUE(Contains(limited.err, "keep_limit (150000 bytes) holds the outputs of")) << limited.err;
  uintmax_t bytes = 0, files = 0;
  for (const auto& entry : fs::directory_iterator(dir() / "limited/kept")) {
    bytes += entry.file_size();
    ++files;
  }
  EXPECT_GE(files, 1U);
  EXPECT_LT(files, 3U);
  EXPECT_LE(bytes, 150'000U);
  config.erase("keep");
  config.erase("keep_limit");
  config["methods"][1]["delta"] = {0.05, 0.2};
  ExpectExtended(dir(), config, "beside", {"limited"});
  const fs::path file = fs::directory_iterator(dir() / "limited/kept")->path();
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(fs::file_size(file) - 8));
  stream.write("damage", 6);
  stream.close();
  const auto damaged = RunConfig(dir(), config, "of_damaged_kept", {"--extend", (dir() / "limited").string()});
  EXPECT_EQ(damaged.exit_code, 3);
  EXPECT_TRUE(Contains(damaged.err, file.string() + ": is damaged")) << damaged.err;
}

TEST_F(Extend, ByGroupsThatDecidedTogether) {
  Json config = Config(3, {0.1});
  config["group_size"] = 2;
  config["methods"][1]["scope"] = "group";
  ASSERT_EQ(RunConfig(dir(), config, "groups3").exit_code, 0);
  config["data"]["count"] = 4;  // the third sample decides with the fourth now
  ExpectExtended(dir(), config, "groups", {"groups3"});
}

TEST_F(Extend, MergedResultsAndPartsAndShards) {
  const Json config = Config(2);
  for (const int i : {0, 1})
    ASSERT_EQ(RunConfig(dir(), config, fmt::format("part{}", i), {"--shard", fmt::format("{}/2", i)}).exit_code, 0);
  ASSERT_EQ(
      Skipbench({"merge", (dir() / "part0").string(), (dir() / "part1").string(), "--out", (dir() / "merged").string()})
          .exit_code,
      0);
  ExpectExtended(dir(), Config(3, {0.05, 0.2}), "of_merged", {"merged"});
  const auto parts = RunConfig(dir(), config, "of_parts",
                               {"--extend", (dir() / "part0").string(), "--extend", (dir() / "part1").string()});
  ASSERT_EQ(parts.exit_code, 0) << parts.err;
  EXPECT_EQ(Unlike(dir() / "base", dir() / "of_parts"), "");
  EXPECT_EQ(Evaluations(dir() / "of_parts"), 0);
}

TEST_F(Extend, KilledAndResumed) {
  const Json config = Config(5, {0.05, 0.2});
  ASSERT_EQ(RunConfig(dir(), config, "killed_whole").exit_code, 0);
  const std::vector<std::string> more = {"--extend", (dir() / "base").string(), "--resume"};
  for (const int ms : {300, 600, 900})
    if (RunConfig(dir(), config, "killed", more, ms).exit_code == 0) break;
  const auto resumed = RunConfig(dir(), config, "killed", more);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(Unlike(dir() / "killed_whole", dir() / "killed"), "");
}

TEST_F(Extend, RefusesWhatDoesNotFit) {
  const std::string base = (dir() / "base").string();
  const auto refusal = [&](const Json& config) {
    const auto run = RunConfig(dir(), config, "refused", {"--extend", base});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_FALSE(fs::exists(dir() / "refused"));
    EXPECT_TRUE(Contains(run.err, base + " (there): nothing of it can be taken")) << run.err;
    return run.err;
  };
  Json config = Config();
  config["seed"] = 8;
  EXPECT_TRUE(Contains(refusal(config), "seed: 7 "));
  config = Config();
  config["guidance"] = 5;
  EXPECT_TRUE(Contains(refusal(config), "guidance: 4"));
  config = Config();
  config["steps"] = 9;
  EXPECT_TRUE(Contains(refusal(config), "steps: 8 "));
  config = Config();
  config["dtype"] = "bfloat16";
  EXPECT_TRUE(Contains(refusal(config), "dtype: \"float32\""));
  config = Config();
  config["batch_invariant"] = false;
  EXPECT_TRUE(Contains(refusal(config), "batch_invariant"));
  config = Config();
  config["noise"] = {{"source", "torch_cpu"}};
  EXPECT_TRUE(Contains(refusal(config), "noise"));
  config = Config();
  config["scheduler"] = "euler";
  EXPECT_TRUE(Contains(refusal(config), "scheduler: \"ddim\""));
  const auto same = RunConfig(dir(), Config(), "base", {"--extend", base, "--overwrite"});
  EXPECT_TRUE(Contains(same.err, "the folder of the result that is extended")) << same.err;
  EXPECT_TRUE(fs::exists(dir() / "base/results.h5"));
}

TEST_F(Extend, ADamagedResultIsNotTaken) {
  fs::copy(dir() / "base", dir() / "damaged", fs::copy_options::recursive);
  const fs::path file = dir() / "damaged/results.h5";
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(fs::file_size(file) / 2));
  stream.write("damage", 6);
  stream.close();
  const auto run = RunConfig(dir(), Config(3), "of_damaged", {"--extend", (dir() / "damaged").string()});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_TRUE(Contains(run.err, file.string())) << run.err;
  const auto none = RunConfig(dir(), Config(3), "of_none", {"--extend", (dir() / "nowhere").string()});
  EXPECT_TRUE(Contains(none.err, "nowhere")) << none.err;
}

}  // namespace
}  // namespace skipbench
