#include "harness/stats/confidence_sequence.h"

#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "harness/base/random.h"
#include "harness/stats/moments.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

double Uniform(SplitMix& random) { return (static_cast<double>(random.Next() >> 11) + 0.5) / 9007199254740992.0; }
double Normal(SplitMix& random) { return boost::math::quantile(boost::math::normal(), Uniform(random)); }

// How many of `trials` sequences of values with a mean of 0 have a lower bound above 0 at any of the sizes from `first`
// to `last`.
int EverWrong(int trials, int64_t first, int64_t last, double alpha, const std::function<double(SplitMix&)>& draw) {
  int wrong = 0;
  for (int trial = 0; trial < trials; ++trial) {
    SplitMix random(static_cast<uint64_t>(trial) * 7919 + 1);
    RunningMoments moments;
    for (int64_t n = 1; n <= last; ++n) {
      moments.Add(draw(random));
      if (n < first) continue;
      if (SequenceBounds(n, moments.mean(), moments.stddev(), alpha).low > 0) {
        ++wrong;
        break;
      }
    }
  }
  return wrong;
}

// Four standard deviations of a binomial count above its mean.
double AtMost(int trials, double alpha) { return trials * alpha + 4 * std::sqrt(trials * alpha * (1 - alpha)); }

// The mixture by numerical integration over noncentral t densities (scipy 1.17: nct.pdf, quad), solved for the size
// that the level asks for.
TEST(ConfidenceSequence, TheQuantileIsThatOfTheMixture) {
  EXPECT_NEAR(SequenceQuantile(10, 0.05), 3.439298122454, 1e-9);
  EXPECT_NEAR(SequenceQuantile(20, 0.01), 3.865564725227, 1e-9);
  EXPECT_NEAR(SequenceQuantile(50, 0.05 / 68), 4.466733949557, 1e-9);
  EXPECT_NEAR(SequenceQuantile(200, 0.05), 3.080562500782, 1e-9);
}

TEST(ConfidenceSequence, FewValuesSayNothingAtASmallAlpha) {
  EXPECT_TRUE(std::isinf(SequenceQuantile(4, 1e-4)));
  const MeanInterval one = SequenceBounds(std::vector<double>{3}, 0.05);
  EXPECT_TRUE(std::isinf(one.low) && std::isinf(one.high));
  const MeanInterval equal = SequenceBounds(std::vector<double>{2, 2, 2}, 0.05);
  EXPECT_EQ(equal.low, 2);
  EXPECT_EQ(equal.high, 2);
  EXPECT_THROW(SequenceBounds(std::vector<double>{1, std::numeric_limits<double>::infinity()}, 0.05), Error);
  EXPECT_THROW(SequenceQuantile(1, 0.05), Error);
  EXPECT_THROW(SequenceQuantile(10, 0.7), Error);
}

TEST(ConfidenceSequence, NormalValuesAreEverWrongAsOftenAsAlphaAllows) {
  const int trials = 1000;
  for (const double alpha : {0.1, 0.02}) EXPECT_LE(EverWrong(trials, 2, 400, alpha, Normal), AtMost(trials, alpha));
  // An interval for one look would be wrong far more often: 1.64 standard errors.
  int fixed = 0;
  for (int trial = 0; trial < 300; ++trial) {
    SplitMix random(static_cast<uint64_t>(trial) + 5);
    RunningMoments moments;
    for (int n = 1; n <= 400; ++n) {
      moments.Add(Normal(random));
      if (n < 10 || moments.mean() < 1.645 * moments.stddev() / std::sqrt(n)) continue;
      ++fixed;
      break;
    }
  }
  EXPECT_GT(fixed, 60);
}

// Asymptotic for values that are not normal: after the burn-in they are right all the same.
TEST(ConfidenceSequence, OtherValuesAfterTheBurnIn) {
  const int trials = 1000;
  const double alpha = 0.02;
  const auto heavy = [](SplitMix& random) {  // Laplace: twice the kurtosis of normal values
    const double u = Uniform(random) - 0.5;
    return std::copysign(std::log(1 - 2 * std::fabs(u)), u);
  };
  const auto mixed = [](SplitMix& random) {  // one sample in five is another kind of picture
    return Normal(random) + (Uniform(random) < 0.2 ? 4 : -1);
  };
  EXPECT_LE(EverWrong(trials, 10, 400, alpha, heavy), AtMost(trials, alpha));
  EXPECT_LE(EverWrong(trials, 10, 400, alpha, mixed), AtMost(trials, alpha));
}

// What asymptotic means: a tail on the far side, as long as an exponential's, makes the deviation small where the mean
// is large. Ten values are too few for it, and a longer burn-in helps.
TEST(ConfidenceSequence, ALongTailNeedsALongBurnIn) {
  const int trials = 1000;
  const double alpha = 0.02;
  const auto uneven = [](SplitMix& random) { return 1 + std::log(Uniform(random)); };
  const int early = EverWrong(trials, 10, 400, alpha, uneven), late = EverWrong(trials, 100, 400, alpha, uneven);
  EXPECT_GT(early, AtMost(trials, alpha));
  EXPECT_LE(early, AtMost(trials, 6 * alpha));
  EXPECT_LE(late, AtMost(trials, 2 * alpha));
}

TEST(ConfidenceSequence, TheChanceOfALaterBound) {
  const MeanInterval now{100, 1.0, 0, 0};
  // At the end there is nothing to draw: the bound is there or not.
  EXPECT_EQ(ChanceAbove(0, now, 1, 100, 0.01), 1);
  EXPECT_EQ(ChanceAbove(0.9, now, 1, 100, 0.01), 0);
  const double half = 1 - SequenceQuantile(400, 0.01) / 20;  // where the bound is expected
  EXPECT_NEAR(ChanceAbove(half, now, 1, 400, 0.01), 0.5, 1e-12);
  EXPECT_LT(ChanceAbove(1, now, 1, 400, 0.01), 0.02);
  EXPECT_EQ(ChanceAbove(0.5, now, 0, 400, 0.01), 1);  // no spread
}

}  // namespace
}  // namespace skipbench
