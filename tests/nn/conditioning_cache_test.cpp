#include "harness/nn/layers/conditioning_cache.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

namespace skipbench {
namespace {

// How many rows each call of `compute` got, and what the cache gave.
struct Computed {
  std::vector<int64_t> rows;
  at::Tensor value;
};

Computed KeyValueOf(const at::Tensor& tokens, bool one_by_one) {
  ConditioningCache cache(tokens, one_by_one);
  Computed computed;
  for (int time = 0; time < 2; ++time)
    computed.value = cache.KeyValue(&computed, [&](const at::Tensor& rows) {
      computed.rows.push_back(rows.size(0));
      return rows * 2;
    });
  return computed;
}

TEST(ConditioningCache, KeysAndValuesAreComputedOnce) {
  const at::Tensor tokens = at::arange(24, at::kFloat).view({3, 4, 2});
  const Computed computed = KeyValueOf(tokens, false);
  EXPECT_EQ(computed.rows, (std::vector<int64_t>{3}));
  EXPECT_TRUE(at::equal(computed.value, tokens * 2));
}

// A run with batch_invariant must not depend on which captions share a wave.
TEST(ConditioningCache, RowsAreComputedAloneWhereTheyMustNotDependOnEachOther) {
  const at::Tensor tokens = at::arange(24, at::kFloat).view({3, 4, 2});
  const Computed computed = KeyValueOf(tokens, true);
  EXPECT_EQ(computed.rows, (std::vector<int64_t>{1, 1, 1}));
  EXPECT_TRUE(at::equal(computed.value, tokens * 2));
}

}  // namespace
}  // namespace skipbench
