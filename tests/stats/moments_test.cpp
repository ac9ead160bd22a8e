#include "harness/stats/moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "harness/stats/quantile.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

const std::vector<double> kValues = {2.5, -1, 4, 4, 7.25, 0.5, -3, 9};

TEST(RunningMoments, AgreesWithNumpy) {
  RunningMoments m;
  for (double v : kValues) m.Add(v);
  EXPECT_EQ(m.count(), 8);
  EXPECT_NEAR(m.mean(), 2.90625, 1e-15);
  EXPECT_NEAR(m.variance(), 16.356026785714285, 1e-13);
  EXPECT_NEAR(m.stddev(), std::sqrt(16.356026785714285), 1e-14);
}

TEST(RunningMoments, KeepsItsDigitsFarFromZero) {
  RunningMoments m;
  for (double v : kValues) m.Add(1e9 + v);
  EXPECT_NEAR(m.variance(), 16.356026785714285, 1e-6);
}

TEST(RunningMoments, FewValuesHaveNoSpread) {
  RunningMoments m;
  EXPECT_TRUE(std::isnan(m.mean()));
  EXPECT_TRUE(std::isnan(m.variance()));
  m.Add(3);
  EXPECT_EQ(m.mean(), 3);
  EXPECT_TRUE(std::isnan(m.variance()));
}

TEST(Quantile, AgreesWithNumpy) {
  EXPECT_EQ(Quantile(kValues, 0), -3);
  EXPECT_NEAR(Quantile(kValues, 0.025), -2.65, 1e-14);
  EXPECT_NEAR(Quantile(kValues, 0.1), -1.6, 1e-14);
  EXPECT_EQ(Median(kValues), 3.25);
  EXPECT_NEAR(Quantile(kValues, 0.8), 5.95, 1e-14);
  EXPECT_NEAR(Quantile(kValues, 0.975), 8.69375, 1e-14);
  EXPECT_EQ(Quantile(kValues, 1), 9);
  EXPECT_EQ(Quantile({5}, 0.3), 5);
  EXPECT_EQ(Quantile({INFINITY, INFINITY}, 0.5), INFINITY);
}

TEST(Quantile, RefusesWhatHasNone) {
  EXPECT_ERROR(Quantile({}, 0.5), "no values");
  EXPECT_ERROR(Quantile({1, std::nan("")}, 0.5), "not a number");
  EXPECT_ERROR(Quantile({1, 2}, 1.5), "in [0, 1]");
  EXPECT_ERROR(Quantile({1, 2}, std::nan("")), "in [0, 1]");
}

}  // namespace
}  // namespace skipbench
