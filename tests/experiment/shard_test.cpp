#include "harness/experiment/config/shard.h"

#include <gtest/gtest.h>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(Shard, Parse) {
  const Shard shard = ParseShard("2/5");
  EXPECT_EQ(shard.index, 2);
  EXPECT_EQ(shard.count, 5);
  for (const char* text :
       {"", "2", "5/5", "-1/5", "1/0", "a/b", "1/5x", " 1/5", "1/", "/5", "1/2/3", "0/99999999999", "+1/5"})
    EXPECT_ERROR(ParseShard(text), fmt::format("--shard {}: expected i/n", text));
}

// Whatever the sizes: the shards cover every sample once, none is empty, and none begins inside a group.
TEST(Shard, RangesCoverEverythingInWholeGroups) {
  for (const int64_t samples : {1, 7, 32, 100, 1001})
    for (const int64_t group : {1, 3, 8})
      for (const int64_t waves_groups : {1, 4})
        for (const int count : {1, 2, 5, 16}) {
          if ((samples + group - 1) / group < count) continue;
          int64_t next = 0;
          for (int i = 0; i < count; ++i) {
            const auto [begin, end] = ShardRange({i, count}, samples, group * waves_groups, group);
            EXPECT_EQ(begin, next);
            EXPECT_LT(begin, end);
            EXPECT_EQ(begin % group, 0);
            next = end;
          }
          EXPECT_EQ(next, samples);
        }
}

TEST(Shard, KeepsWavesWholeWhereThereAreEnough) {
  EXPECT_EQ(ShardRange({1, 2}, 64, 16, 1), std::make_pair(int64_t{32}, int64_t{64}));
  EXPECT_EQ(ShardRange({1, 3}, 64, 16, 1), std::make_pair(int64_t{16}, int64_t{32}));
  EXPECT_EQ(ShardRange({1, 5}, 20, 16, 1), std::make_pair(int64_t{4}, int64_t{8}));  // two waves only: by samples
  EXPECT_ERROR(ShardRange({1, 5}, 20, 16, 8),
               "20 samples in groups of 8 cannot be spread over 5 shards; use at most 3");
}

}  // namespace
}  // namespace skipbench
