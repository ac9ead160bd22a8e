// A run in shards, killed, resumed and merged, is the undivided run.
#include "tests/cli/shard_support.h"

#include <filesystem>

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Differences;
using testing::RunConfig;
using testing::RunShards;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TableWithoutTimings;
using testing::TempDir;

TEST(Shards, KilledResumedAndMergedTheyAreTheUndividedRun) {
  const TempDir dir;
  const Json config = SmallConfig(5, 4);
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  const Json whole = TableWithoutTimings({(dir / "whole").string()});
  std::mt19937 random(3);
  for (const int count : {2, 5}) {
    const auto shards = RunShards(dir, config, fmt::format("of{}_", count), count, count == 2 ? 1 : 0, random);
    EXPECT_EQ(TableWithoutTimings(shards), whole);  // reading commands take the parts as they are
    std::vector<std::string> args = {"merge", "--out", (dir / fmt::format("merged{}", count)).string()};
    args.insert(args.end(), shards.rbegin(), shards.rend());  // in any order
    const auto merge = Skipbench(args);
    ASSERT_EQ(merge.exit_code, 0) << merge.err;
    EXPECT_EQ(Differences(dir / "whole", dir / fmt::format("merged{}", count)), "");
    EXPECT_EQ(TableWithoutTimings({(dir / fmt::format("merged{}", count)).string()}), whole);
  }
}

TEST(Shards, ACompactMergeKeepsWhatTablesNeed) {
  const TempDir dir;
  ASSERT_EQ(RunConfig(dir, SmallConfig(3, 4), "whole").exit_code, 0);
  const std::string whole = (dir / "whole").string(), compact = (dir / "compact").string();
  const auto merge = Skipbench({"merge", "--compact", whole, "--out", compact});
  ASSERT_EQ(merge.exit_code, 0) << merge.err;
  EXPECT_EQ(Skipbench({"table", compact}).out, Skipbench({"table", whole}).out);
  EXPECT_EQ(Skipbench({"compare", whole, compact}).exit_code, 0);
  const auto report = Skipbench({"report", compact, "--out", (dir / "report").string()});
  EXPECT_EQ(report.exit_code, 0) << report.err;
  EXPECT_LT(fs::file_size(dir / "compact/results.h5"), fs::file_size(dir / "whole/results.h5") * 0.95);
  // A merge that is there already is taken up only where it is as compact as asked for.
  EXPECT_EQ(Skipbench({"merge", "--compact", whole, "--out", compact}).exit_code, 0);
  EXPECT_TRUE(Contains(Skipbench({"merge", whole, "--out", compact}).err, "holds a result already"));
  const std::string full = (dir / "full").string();
  EXPECT_EQ(Skipbench({"merge", whole, "--out", full}).exit_code, 0);
  EXPECT_TRUE(Contains(Skipbench({"merge", "--compact", whole, "--out", full}).err, "holds a result already"));
}

// Shards are missing: the merged result says so and can be finished as one run.
TEST(Shards, APartialMergeIsResumed) {
  const TempDir dir;
  Json config = SmallConfig(3, 4);
  config["save"] = {"png"};
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  ASSERT_EQ(RunConfig(dir, config, "b", {"--shard", "1/3"}).exit_code, 0);
  const auto merge = Skipbench({"merge", (dir / "b").string(), "--out", (dir / "merged").string()});
  ASSERT_EQ(merge.exit_code, 0) << merge.err;
  EXPECT_TRUE(Contains(merge.err, "2 samples of the plan are missing")) << merge.err;
  EXPECT_FALSE(fs::is_empty(dir / "merged/png"));
  const auto resumed = RunConfig(dir, config, "merged", {"--resume"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(Differences(dir / "whole", dir / "merged"), "");
}

TEST(Shards, GroupsAreShardedWhole) {
  const TempDir dir;
  Json config = SmallConfig(6, 8);
  config["group_size"] = 2;
  config["methods"][1] = {{"type", "adaptive_diffusion"}, {"delta", 0.1}, {"scope", "group"}};
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  std::mt19937 random(4);
  const auto shards = RunShards(dir, config, "part", 3, 0, random);
  EXPECT_EQ(TableWithoutTimings(shards), TableWithoutTimings({(dir / "whole").string()}));
  const auto run = RunConfig(dir, config, "part4", {"--shard", "0/4"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_TRUE(Contains(run.err, "6 samples in groups of 2 cannot be spread over 4 shards; use at most 3")) << run.err;
}

TEST(Shards, WhatDoesNotFitTogetherIsRefused) {
  const TempDir dir;
  Json config = SmallConfig(2, 4);
  ASSERT_EQ(RunConfig(dir, config, "a", {"--shard", "0/2"}).exit_code, 0);
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  config["seed"] = 8;
  ASSERT_EQ(RunConfig(dir, config, "other", {"--shard", "1/2"}).exit_code, 0);
  const auto expect = [&](std::vector<std::string> args, const std::string& text) {
    const auto run = Skipbench(args);
    EXPECT_EQ(run.exit_code, 3) << run.out;
    EXPECT_TRUE(Contains(run.err, text)) << run.err;
  };
  const std::string a = (dir / "a").string(), out = (dir / "out").string();
  expect({"merge", a, (dir / "other").string(), "--out", out}, "are not of one run: config: seed: 7");
  expect({"merge", a, (dir / "whole").string(), "--out", out},
         "the sample with id 0 (number 0 of the plan) is in both");
  expect({"merge", a, a, "--out", out}, "the sample with id 0 (number 0 of the plan) is in both");
  expect({"merge", a, "--out", (dir / "whole").string()}, "whole: holds a result already");
  expect({"merge", a}, "--out is missing");
  expect({"merge", "--out", out}, "at least one result was expected");
  expect({"merge", (dir / "nowhere").string(), "--out", out}, "nowhere: no such result");
  EXPECT_FALSE(fs::exists(dir / "out/results.h5"));
  config["seed"] = 7;
  EXPECT_TRUE(Contains(RunConfig(dir, config, "b", {"--shard", "2/2"}).err, "--shard 2/2: expected i/n"));
  // A shard is resumed as the shard it was.
  const auto resumed = RunConfig(dir, config, "a", {"--resume", "--shard", "1/2"});
  EXPECT_EQ(resumed.exit_code, 3);
  EXPECT_TRUE(Contains(resumed.err, "shard: 0/2 there, 1/2 here")) << resumed.err;
}

}  // namespace
}  // namespace skipbench
