#include "harness/schedulers/sigmas.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/schedulers/spacing.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(NumpyLog, HasNumpysBits) {
  // numpy.log(numpy.float32(x)); at 0.70710677 the nearest float would be -0x1.62e432p-2.
  EXPECT_EQ(NumpyLog(0x1.dde186p-6f), -0x1.c47104p+1f);
  EXPECT_EQ(NumpyLog(0.5f), -0x1.62e430p-1f);
  EXPECT_EQ(NumpyLog(0x1.d3ab30p+3f), 0x1.574c92p+1f);
  EXPECT_EQ(NumpyLog(1.0f), 0.0f);
  EXPECT_EQ(NumpyLog(0x1.6a09e6p-1f), -0x1.62e430p-2f);
  EXPECT_EQ(NumpyLog(0x1.3ad062p+7f), 0x1.43c3f4p+2f);
}

// scipy.stats.beta.ppf(1 - s, 0.6, 0.6)
TEST(Sigmas, BetaQuantilesAgreeWithScipy) {
  const std::vector<double> of_five = PlaceSigmas(SigmaRule::kBeta, 1, 0, 5);
  EXPECT_EQ(of_five[0], 1);
  EXPECT_NEAR(of_five[2], 0.5, 1e-13);
  EXPECT_NEAR(of_five[3], 0.17568037865269498, 1e-13);
  EXPECT_EQ(of_five[4], 0);
  const std::vector<double> of_many = PlaceSigmas(SigmaRule::kBeta, 1, 0, 1001);
  EXPECT_NEAR(of_many[1], 0.9999814412614826, 1e-13);
  EXPECT_NEAR(of_many[999], 1 - 0.9999814412614826, 1e-15);
}

TEST(Sigmas, TimestepsAndBack) {
  std::vector<float> alphas_cumprod;
  double product = 1;
  for (int t = 0; t < 100; ++t) alphas_cumprod.push_back(static_cast<float>(product *= 0.97));
  const std::vector<float> table = SigmaTable(alphas_cumprod);
  const SigmaToTimestep to_timestep(table);
  for (double t : {1.0, 17.25, 50.0, 98.5}) EXPECT_NEAR(to_timestep(SigmaAt(table, t)), t, 1e-2);
  // Outside of the table both stay at its ends.
  EXPECT_EQ(SigmaAt(table, -3), table.front());
  EXPECT_EQ(SigmaAt(table, 1e9), table.back());
  EXPECT_EQ(to_timestep(1e-20), 0);
  EXPECT_EQ(to_timestep(1e20), 99);
  EXPECT_EQ(SigmaToTimestep({0.5f})(3.0), 0);
}

TEST(Sigmas, RulesRunFromMaxToMin) {
  for (SigmaRule rule : {SigmaRule::kKarras, SigmaRule::kExponential, SigmaRule::kBeta}) {
    const std::vector<double> sigmas = PlaceSigmas(rule, 14, 0.03, 9);
    ASSERT_EQ(sigmas.size(), 9u);
    EXPECT_NEAR(sigmas.front(), 14, 1e-12);
    EXPECT_NEAR(sigmas.back(), 0.03, 1e-12);
    for (size_t i = 1; i < sigmas.size(); ++i) EXPECT_LT(sigmas[i], sigmas[i - 1]);
    EXPECT_NEAR(PlaceSigmas(rule, 14, 0.03, 1)[0], 14, 1e-12);
  }
}

TEST(Spacing, TrailingHasNoTimestepBelowZero) {
  // numpy.arange(1000, 0, -1000 / 61) has 62 elements.
  EXPECT_EQ(TrailingTimesteps(1000, 1000, 61).size(), 61u);
  EXPECT_EQ(TrailingTimesteps(1000, 1000, 61).back(), 15);
  for (int steps = 1; steps <= 1000; ++steps) {
    const std::vector<int> timesteps = TrailingTimesteps(1000, 1000, steps);
    ASSERT_EQ(timesteps.size(), static_cast<size_t>(steps));
    EXPECT_EQ(timesteps.front(), 999);
    EXPECT_GE(timesteps.back(), 0);
  }
}

}  // namespace
}  // namespace skipbench
