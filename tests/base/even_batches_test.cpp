#include "harness/base/even_batches.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace skipbench {
namespace {

std::vector<size_t> Sizes(size_t count, size_t largest) {
  std::vector<int> all(count), seen;
  std::iota(all.begin(), all.end(), 0);
  std::vector<size_t> sizes;
  EvenBatches(std::span<const int>(all), largest, [&](std::span<const int> batch) {
    sizes.push_back(batch.size());
    seen.insert(seen.end(), batch.begin(), batch.end());
  });
  EXPECT_EQ(seen, all);
  return sizes;
}

TEST(EvenBatches, AsFewAsThereMustBeAndAllOfAboutTheSameSize) {
  EXPECT_EQ(Sizes(0, 4), std::vector<size_t>{});
  EXPECT_EQ(Sizes(4, 4), std::vector<size_t>{4});
  EXPECT_EQ(Sizes(5, 4), (std::vector<size_t>{2, 3}));
  EXPECT_EQ(Sizes(9, 4), (std::vector<size_t>{3, 3, 3}));
  EXPECT_EQ(Sizes(3, 1), (std::vector<size_t>{1, 1, 1}));
}

}  // namespace
}  // namespace skipbench
