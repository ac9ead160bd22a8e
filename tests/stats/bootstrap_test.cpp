#include "harness/stats/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

const std::vector<double> kValues = {1, 2, 4, 8, 16};

TEST(Bootstrap, AgreesWithAllResamples) {
  // Quantiles of the means of all 5^5 resamples (numpy over itertools.product): 2.0, 11.4 and 2.44, 10.4.
  const MeanInterval wide = BootstrapMean(kValues, {.resamples = 200'000});
  EXPECT_EQ(wide.count, 5);
  EXPECT_DOUBLE_EQ(wide.mean, 6.2);
  EXPECT_NEAR(wide.low, 2.0, 0.05);
  EXPECT_NEAR(wide.high, 11.4, 0.05);
  const MeanInterval narrow = BootstrapMean(kValues, {.level = 0.9, .resamples = 200'000});
  EXPECT_NEAR(narrow.low, 2.4, 0.05);
  EXPECT_NEAR(narrow.high, 10.4, 0.05);
}

TEST(Bootstrap, CoversTheMeanAsOftenAsItSays) {
  // Uniform values from a fixed recurrence; the mean of 100 of them is nearly normal.
  uint64_t state = 1;
  auto uniform = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) / 9007199254740992.0;
  };
  int covered = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<double> values(100);
    for (double& v : values) v = uniform();
    const MeanInterval interval = BootstrapMean(values, {.resamples = 1000, .seed = static_cast<uint64_t>(trial)});
    covered += interval.low <= 0.5 && 0.5 <= interval.high;
  }
  EXPECT_GE(covered, 366);  // 380 expected, standard deviation 4.4
  EXPECT_LE(covered, 394);
}

TEST(Bootstrap, TheSeedDecides) {
  const MeanInterval a = BootstrapMean(kValues, {.seed = 7});
  const MeanInterval b = BootstrapMean(kValues, {.seed = 7});
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  const std::vector<double> many = {0.13, 1.71, 2.9, 3.37, 4.2, 5.55, 6.1, 7.77, 8.05, 9.4};
  EXPECT_NE(BootstrapMean(many, {.seed = 1}).low, BootstrapMean(many, {.seed = 2}).low);
}

TEST(Bootstrap, FewValues) {
  const MeanInterval none = BootstrapMean({});
  EXPECT_EQ(none.count, 0);
  EXPECT_TRUE(std::isnan(none.mean) && std::isnan(none.low) && std::isnan(none.high));
  const std::vector<double> one = {3};
  const MeanInterval single = BootstrapMean(one);
  EXPECT_EQ(single.mean, 3);
  EXPECT_TRUE(std::isnan(single.low) && std::isnan(single.high));
  const std::vector<double> equal = {4, 4, 4};
  EXPECT_EQ(BootstrapMean(equal).low, 4);
  EXPECT_EQ(BootstrapMean(equal).high, 4);
}

TEST(Bootstrap, ALargeOffsetCostsNoDigits) {
  std::vector<double> shifted = kValues;
  for (double& v : shifted) v += 1e12;
  const MeanInterval plain = BootstrapMean(kValues);
  const MeanInterval far = BootstrapMean(shifted);
  EXPECT_NEAR(far.low - 1e12, plain.low, 1e-3);
  EXPECT_NEAR(far.high - 1e12, plain.high, 1e-3);
}

TEST(Bootstrap, PairsCancelWhatTheyShare) {
  std::vector<double> a, b;
  for (int i = 0; i < 50; ++i) {
    const double difficulty = 10 * std::sin(i * 1.3);
    b.push_back(20 + difficulty);
    a.push_back(20 + difficulty + 0.5 + 0.1 * std::cos(i * 2.1));
  }
  a[7] = b[7];
  const PairedDifference pairs = ComparePairs(a, b);
  EXPECT_EQ(pairs.above, 49);
  EXPECT_EQ(pairs.below, 0);
  EXPECT_NEAR(pairs.difference.mean, 0.49, 0.02);
  EXPECT_GT(pairs.difference.low, 0.4);
  EXPECT_LT(pairs.difference.high, 0.6);
  EXPECT_LT(BootstrapMean(b).low, 20 - 1);  // each alone is far less certain
}

TEST(Bootstrap, RefusesWhatItCannotUse) {
  const std::vector<double> infinite = {1, INFINITY};
  EXPECT_ERROR(BootstrapMean(infinite), "value 1 is not finite");
  EXPECT_ERROR(BootstrapMean(kValues, {.level = 1.0}), "level");
  EXPECT_ERROR(BootstrapMean(kValues, {.level = std::nan("")}), "level");
  EXPECT_ERROR(BootstrapMean(kValues, {.resamples = 10}), "resamples");
  const std::vector<double> two = {1, 2};
  EXPECT_ERROR(ComparePairs(kValues, two), "5 values against 2");
}

}  // namespace
}  // namespace skipbench
