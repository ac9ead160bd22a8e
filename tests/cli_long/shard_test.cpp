// Sharding, killing and resuming, at length: 1, 2 and 5 shards, every one killed at up to six random moments.
#include "tests/cli/shard_support.h"

namespace skipbench {
namespace {

using testing::Differences;
using testing::RunConfig;
using testing::RunShards;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TableWithoutTimings;
using testing::TempDir;

TEST(ShardsLong, KilledAtRandomTheyAreTheUndividedRun) {
  const TempDir dir;
  Json config = SmallConfig(20, 20);
  config["wave_size"] = 2;
  config["latency"] = {{"samples", 1}, {"repeats", 1}};
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  const Json whole = TableWithoutTimings({(dir / "whole").string()});
  std::mt19937 random(5);
  for (const int count : {1, 2, 5}) {
    const auto shards = RunShards(dir, config, fmt::format("of{}_", count), count, 6, random);
    EXPECT_EQ(TableWithoutTimings(shards), whole);
    std::vector<std::string> args = {"merge", "--out", (dir / fmt::format("merged{}", count)).string()};
    args.insert(args.end(), shards.begin(), shards.end());
    ASSERT_EQ(Skipbench(args).exit_code, 0);
    EXPECT_EQ(Differences(dir / "whole", dir / fmt::format("merged{}", count)), "");
    EXPECT_EQ(ResultReader::Open(dir / fmt::format("merged{}", count)).latency().size(), whole["settings"].size());
  }
}

}  // namespace
}  // namespace skipbench
