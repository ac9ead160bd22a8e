#include "harness/stats/time_ratio.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// scipy.stats.ttest_ind(log(after), log(before), equal_var=False).confidence_interval(0.95), exponentiated.
TEST(TimeRatio, AgreesWithScipy) {
  const std::vector<double> before = {0.30, 0.32, 0.31}, after = {0.36, 0.39, 0.40, 0.37};
  const TimeRatio ratio = CompareTimes(before, after);
  EXPECT_DOUBLE_EQ(ratio.ratio, 0.38 / 0.31);
  EXPECT_NEAR(ratio.low, 1.1329535776, 1e-9);
  EXPECT_NEAR(ratio.high, 1.3248915956, 1e-9);
}

TEST(TimeRatio, OneSlowRepeatWidensTheIntervalAndLeavesTheRatio) {
  const std::vector<double> before = {1, 1.02, 1.01}, after = {1.01, 5, 1.02};
  const TimeRatio ratio = CompareTimes(before, after);
  EXPECT_NEAR(ratio.ratio, 1.01, 0.02);
  EXPECT_LT(ratio.low, 1);
  EXPECT_GT(ratio.high, 3);
}

// Two sets of times from the same distribution: the 95 % interval leaves 1 out in about 5 % of the cases.
TEST(TimeRatio, CoversTheTruth) {
  std::mt19937 random(1);
  std::lognormal_distribution<double> time(0, 0.1);
  int outside = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<double> before(3), after(3);
    for (double& t : before) t = time(random);
    for (double& t : after) t = 1.5 * time(random);
    const TimeRatio ratio = CompareTimes(before, after);
    outside += ratio.low > 1.5 || ratio.high < 1.5;
  }
  EXPECT_GT(outside, 40);
  EXPECT_LT(outside, 130);
}

TEST(TimeRatio, FewTimesAndBadOnes) {
  const std::vector<double> one = {2.0}, two = {1.0, 1.0}, bad = {0.0};
  EXPECT_EQ(CompareTimes(two, one).ratio, 2);
  EXPECT_TRUE(std::isnan(CompareTimes(two, one).low));
  EXPECT_EQ(CompareTimes(two, two).high, 1);
  EXPECT_ERROR(CompareTimes(two, {}), "0 times against 2");
  EXPECT_ERROR(CompareTimes(two, bad), "0 is no time");
}

}  // namespace
}  // namespace skipbench
