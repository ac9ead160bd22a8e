#include "harness/stats/correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(RankCorrelation, AgreesWithScipy) {  // scipy.stats.spearmanr
  const std::vector<double> a = {1, 2, 3, 4, 5}, b = {5, 6, 7, 8, 7};
  EXPECT_NEAR(RankCorrelation(a, b), 0.8207826816681233, 1e-15);
  const std::vector<double> x = {0.3, 12, -7, 0.3, 1e9, 2}, y = {1, 0, 0, 1, 1, 0};
  EXPECT_NEAR(RankCorrelation(x, y), 0.09901475429766744, 1e-15);
  EXPECT_EQ(RankCorrelation(a, a), 1);
  const std::vector<double> back = {9, 7, 5, 3, -HUGE_VAL};
  EXPECT_EQ(RankCorrelation(a, back), -1);
}

TEST(RankCorrelation, HasLimits) {
  const std::vector<double> a = {1, 2, 3}, constant = {4, 4, 4}, two = {1, 2}, bad = {1, NAN, 2};
  EXPECT_TRUE(std::isnan(RankCorrelation(a, constant)));
  EXPECT_TRUE(std::isnan(RankCorrelation({}, {})));
  EXPECT_ERROR(RankCorrelation(a, two), "3 values and 2");
  EXPECT_ERROR(RankCorrelation(a, bad), "NaN");
}

}  // namespace
}  // namespace skipbench
