// A run whose waves are claimed by several processes is the undivided run, whatever happens to them.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "tests/cli/shard_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Child;
using testing::Differences;
using ::testing::HasSubstr;
using testing::ProcessResult;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TableWithoutTimings;
using testing::TempDir;

size_t Segments(const fs::path& folder) {
  std::error_code error;
  size_t count = 0;
  for (fs::directory_iterator entry(folder / "segments", error), end; !error && entry != end; entry.increment(error))
    count += entry->path().extension() == ".h5";
  return count;
}

std::unique_ptr<Child> Start(const TempDir& dir, const Json& config, const std::string& out,
                             const std::vector<std::string>& more = {"--claim"}) {
  testing::WriteFile(dir / "config.json", config.dump());
  std::vector<std::string> args = {
      testing::SkipbenchPath(), "run", (dir / "config.json").string(), "--out", (dir / out).string(), "--quiet",
      "--allow-missing"};
  args.insert(args.end(), more.begin(), more.end());
  return std::make_unique<Child>(args);
}

void WaitForSegments(Child& child, const fs::path& folder, size_t count) {
  while (child.running() && Segments(folder) < count) std::this_thread::sleep_for(std::chrono::milliseconds(3));
}

// Runs the config in so many processes that share it; how many have put the result together.
int Share(const TempDir& dir, const Json& config, const std::string& out, int count, int exit_code = 0,
          const std::vector<std::string>& more = {"--claim"}) {
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < count; ++i) children.push_back(Start(dir, config, out, more));
  int joined = 0;
  for (auto& child : children) {
    const ProcessResult end = child->Wait();
    EXPECT_EQ(end.exit_code, exit_code) << end.err;
    joined += !testing::Contains(end.out, "the result is complete");
  }
  return joined;
}

// The result is whole, equal in every bit, and nothing else is left in its folder. `more_spent`: waves were in flight
// when the answer was there, so that what was spent is another number.
void ExpectSame(const fs::path& whole, const fs::path& shared, bool more_spent = false) {
  EXPECT_EQ(Differences(whole, shared), "");
  EXPECT_EQ(Differences(shared, whole), "");
  Json table = TableWithoutTimings({shared.string()}), expected = TableWithoutTimings({whole.string()});
  for (Json* one : {&table, &expected})
    for (const char* key :
         {"evaluations", "shallow_evaluations", "separate_evaluations", "separate_shallow_evaluations"})
      if (more_spent) one->erase(key);
  EXPECT_EQ(table, expected);
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(shared)) names.insert(entry.path().filename().string());
  for (const char* name : {"claims", "segments", "search"}) EXPECT_FALSE(names.contains(name)) << name;
}

// With the distances of sets, whose features are stored with every sample: no picture is moved for them, and their sums
// run over the samples in the order of the plan.
TEST(Claims, SharedByOneTwoAndFiveItIsTheUndividedRun) {
  const TempDir dir;
  Json config = SmallConfig(6, 6);
  config["metrics"] = {"psnr", "ssim", "fd_fashion"};
  config["save"] = {"images", "png"};
  config["contact_sheet"] = 2;
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  for (const int count : {1, 2, 5}) {
    const std::string out = fmt::format("by{}", count);
    EXPECT_EQ(Share(dir, config, out, count), 1);
    ExpectSame(dir / "whole", dir / out);
    EXPECT_TRUE(fs::exists(dir / out / "contact_sheet.png"));
    const ResultReader result = ResultReader::Open(dir / out);
    ASSERT_EQ(result.waves().size(), 6u);
    for (const auto& wave : result.waves()) {
      EXPECT_GT(wave.process.pid, 0);
      EXPECT_FALSE(wave.process.host.empty());
    }
  }
  // Who comes late finds it done.
  const auto late = RunConfig(dir, config, "by2", {"--claim"});
  EXPECT_EQ(late.exit_code, 0) << late.err;
  EXPECT_THAT(late.out, HasSubstr("this process ran 0 of 6 samples; the result is complete"));
  ExpectSame(dir / "whole", dir / "by2");
  // Or another run.
  config["seed"] = 8;
  const auto other = RunConfig(dir, config, "by2", {"--claim"});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.err, HasSubstr("holds the result of another run, which cannot be resumed as this one"));
  EXPECT_FALSE(fs::exists(dir / "by2/claims"));
}

TEST(Claims, WhatAKilledProcessHadIsTakenOver) {
  const TempDir dir;
  const Json config = SmallConfig(8);
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  const fs::path out = dir / "out";
  for (int kill = 0; kill < 3; ++kill) {
    auto victim = Start(dir, config, "out");
    WaitForSegments(*victim, out, Segments(out) + 1);
    victim->Signal(SIGKILL);
    EXPECT_EQ(victim->Wait().exit_code, -SIGKILL);
  }
  const auto status = Skipbench({"status", out.string()});
  EXPECT_THAT(status.out, HasSubstr("unfinished"));
  EXPECT_EQ(Share(dir, config, "out", 2), 1);
  ExpectSame(dir / "whole", out);
}

TEST(Claims, OneIsStoppedAnotherGoesOn) {
  const TempDir dir;
  const Json config = SmallConfig(12, 40);
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  auto stopped = Start(dir, config, "out"), other = Start(dir, config, "out");
  WaitForSegments(*stopped, dir / "out", 1);
  stopped->Signal(SIGSTOP);  // with its wave: the run does not end meanwhile
  const Json status = ParseJson(Skipbench({"status", "--format", "json", (dir / "out").string()}).out, "status");
  const Json& run = status["runs"][0];
  EXPECT_EQ(run["state"], "at work");
  EXPECT_EQ(run["waves"]["planned"], 12);
  EXPECT_GE(run["waves"]["stored"], 1);
  EXPECT_LE(run["in_flight"].size(), 2u);
  // Nobody else may write there.
  const auto alone = RunConfig(dir, config, "out", {"--resume"});
  EXPECT_EQ(alone.exit_code, 3);
  EXPECT_THAT(alone.err, HasSubstr("processes that share its waves are at work there"));
  stopped->Signal(SIGTERM);
  stopped->Signal(SIGCONT);
  const auto end = stopped->Wait();
  if (end.exit_code != 0) {  // not yet done
    EXPECT_EQ(end.exit_code, 75) << end.err;
    EXPECT_THAT(end.err, HasSubstr("stopped by SIGTERM"));
    EXPECT_EQ(end.err.find("--resume"), std::string::npos) << end.err;  // the same line goes on
  }
  const auto rest = other->Wait();
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  ExpectSame(dir / "whole", dir / "out");
}

// Searches are shared portion by portion, a study of paths and latency are one process's.
TEST(Claims, SearchesStudiesAndLatency) {
  const TempDir dir;
  Json config = SmallConfig(4, 6);
  config["methods"] = {{{"type", "full_step"}}, {{"type", "greedy_search"}, {"skips", 2}}};
  config["path_study"] = {
      {"skips", 2},
      {"estimators", {{{"use", "ranked"}, {"method", {{"type", "difference_order"}, {"order", 2}}}}}},
      {"permutations", 99}};
  config["latency"] = {{"samples", 1}, {"repeats", 1}, {"warmup", 0}};
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  EXPECT_EQ(Share(dir, config, "out", 3), 1);
  ExpectSame(dir / "whole", dir / "out");
  EXPECT_EQ(ResultReader::Open(dir / "out").latency().size(), 2u);
  EXPECT_EQ(ResultReader::Open(dir / "out").Extras(), ResultReader::Open(dir / "whole").Extras());
}

TEST(Claims, ARunThatDecides) {
  const TempDir dir;
  Json config = SmallConfig(24, 6);
  config["decide"] = {{"question", "pareto"}, {"burn_in", 5}};
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  EXPECT_EQ(Share(dir, config, "out", 3), 1);
  ExpectSame(dir / "whole", dir / "out", /*more_spent=*/true);
}

TEST(Claims, AnExtension) {
  const TempDir dir;
  Json config = SmallConfig(4, 6);
  config["batch_invariant"] = true;
  ASSERT_EQ(RunConfig(dir, config, "base").exit_code, 0);
  config["methods"].push_back({{"type", "deepcache"}, {"interval", 2}});
  config["data"]["count"] = 6;
  const std::vector<std::string> extend = {"--extend", (dir / "base").string()};
  ASSERT_EQ(RunConfig(dir, config, "whole", extend).exit_code, 0);
  EXPECT_EQ(Share(dir, config, "out", 2, 0, {"--claim", extend[0], extend[1]}), 1);
  ExpectSame(dir / "whole", dir / "out");
}

// Ranks as mpirun tells them.
TEST(Claims, LaunchedProcessesKnowTheirRanks) {
  const TempDir dir;
  const Json config = SmallConfig(5, 6);
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  std::vector<std::unique_ptr<Child>> ranks;
  for (const char* rank : {"0", "1"})
    ranks.push_back(std::make_unique<Child>(
        std::vector<std::string>{"env", fmt::format("OMPI_COMM_WORLD_RANK={}", rank), "OMPI_COMM_WORLD_SIZE=2",
                                 fmt::format("OMPI_COMM_WORLD_LOCAL_RANK={}", rank), "OMPI_COMM_WORLD_LOCAL_SIZE=2",
                                 "SLURM_JOB_ID=77", testing::SkipbenchPath(), "run", (dir / "config.json").string(),
                                 "--out", (dir / "out").string(), "--quiet", "--shard", "auto"}));
  for (auto& rank : ranks) {
    const auto end = rank->Wait();
    EXPECT_EQ(end.exit_code, 0) << end.err;
  }
  ExpectSame(dir / "whole", dir / "out");
  const ResultReader result = ResultReader::Open(dir / "out");
  for (const auto& wave : result.waves()) {
    EXPECT_GE(wave.process.rank, 0);
    EXPECT_LE(wave.process.rank, 1);
    EXPECT_EQ(wave.process.job, "77");
  }
}

// What somebody else has put there, or a file system that crashed has left, is nobody's claim.
TEST(Claims, FilesThatNoProcessMade) {
  const TempDir dir;
  const Json config = SmallConfig(3, 6);
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  const fs::path claims = dir / "out/claims";
  fs::create_directories(claims / "worker-folder.json");
  fs::create_directories(claims / "00000001.0");  // a claim's name
  for (const char* name : {"notes", "worker-half.json", "worker-.json", "00000002.99999999999", "00000002.x", ".0"})
    testing::WriteFile(claims / name, "{\"host\": \"a");
  testing::WriteFile(claims / "00000000.0", "nobody that is known\n");
  const auto status = Skipbench({"status", (dir / "out").string()});
  EXPECT_THAT(status.out, HasSubstr(": starting\n"));  // the half file is young
  EXPECT_THAT(status.out, HasSubstr("  worker-half.json: unreadable; 0 samples"));
  EXPECT_EQ(Share(dir, config, "out", 2, 0, {"--claim", "--lease", "2s"}), 1);
  EXPECT_EQ(Differences(dir / "whole", dir / "out"), "");
}

TEST(Claims, AFailureIsEveryonesExitCode) {
  const TempDir dir;
  Json config = SmallConfig(3, 6);
  config["methods"].push_back({{"type", "deepcache"}, {"interval", 2}, {"branch", 99}});
  EXPECT_EQ(RunConfig(dir, config, "whole").exit_code, 3);
  Share(dir, config, "out", 2, 3);
}

TEST(Claims, WhatDoesNotGoTogetherIsRefused) {
  const TempDir dir;
  const Json config = SmallConfig(2, 4);
  const auto expect = [&](const std::vector<std::string>& more, const std::string& text) {
    const auto run = RunConfig(dir, config, "out", more);
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_THAT(run.err, HasSubstr(text));
  };
  expect({"--claim", "--shard", "0/2"}, "--claim and --shard 0/2 exclude each other: waves are claimed, or dealt");
  expect({"--claim", "--overwrite"}, "--claim and --overwrite exclude each other");
  expect({"--shard", "auto", "--profile"}, "--shard auto and --profile exclude each other");
  expect({"--claim", "--lease", "0"}, "--lease: expected 1s or more");
  expect({"--lease", "5s"}, "--lease is for --claim and --shard auto");
  expect({"--shard", "0/2", "--lease", "5s"}, "--lease is for --claim and --shard auto");
  // A result that is being written by a run of its own.
  const auto alone = Start(dir, SmallConfig(12, 20), "alone", {});
  WaitForSegments(*alone, dir / "alone", 1);
  const auto claims = RunConfig(dir, SmallConfig(12, 20), "alone", {"--claim"});
  EXPECT_EQ(claims.exit_code, 3);
  EXPECT_THAT(claims.err, HasSubstr("another run or merge is writing into this folder"));
  EXPECT_FALSE(fs::exists(dir / "alone/claims"));
  const auto none = RunConfig(dir, config, "auto", {"--shard", "auto"});
  EXPECT_EQ(none.exit_code, 0) << none.err;
  EXPECT_THAT(none.err, HasSubstr("no launcher is found"));
}

}  // namespace
}  // namespace skipbench
