#include "harness/stats/change_points.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "harness/base/error.h"

namespace skipbench {
namespace {

using Values = std::vector<std::vector<double>>;

// Sums of twelve uniform numbers: nearly normal, and the same with every standard library.
double Noise(std::mt19937_64& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(random() >> 11) * 0x1p-53;
  return sum;
}

// `versions` of `samples` that differ a lot, each version by a little; from `at` on by `step` more.
Values Made(size_t versions, size_t samples, double noise, size_t at, double step, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> level(samples);
  for (double& one : level) one = 40 + 5 * Noise(random);
  Values values(versions, level);
  for (size_t v = 0; v < versions; ++v)
    for (double& one : values[v]) one += noise * Noise(random) + (v >= at ? step : 0);
  return values;
}

TEST(PairedChanges, FindsAStepThatSamplesWouldHide) {
  const auto found = PairedChanges(Made(9, 20, 0.1, 4, -0.3, 1), 0.05);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].at, 4u);
  EXPECT_LT(found[0].p, 1e-6);
  EXPECT_NEAR(found[0].after - found[0].before, -0.3, 0.1);
}

TEST(PairedChanges, FindsTwoSteps) {
  Values values = Made(10, 20, 0.1, 3, 1, 2);
  for (size_t v = 7; v < 10; ++v)
    for (double& one : values[v]) one -= 2;
  const auto found = PairedChanges(values, 0.05);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].at, 3u);
  EXPECT_EQ(found[1].at, 7u);
  EXPECT_LT(found[1].after, found[1].before);
}

// A deterministic program: nothing moves but with the change.
TEST(PairedChanges, WithoutNoise) {
  EXPECT_TRUE(PairedChanges(Made(6, 5, 0, 6, 0, 3), 0.05).empty());
  const auto found = PairedChanges(Made(6, 5, 0, 2, 0.001, 3), 0.05);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].at, 2u);
  EXPECT_EQ(found[0].p, 0);
  EXPECT_EQ(PairedChanges(Made(2, 5, 0, 1, 0.5, 3), 0.05).size(), 1u);
}

TEST(PairedChanges, TooLittleToSay) {
  EXPECT_TRUE(PairedChanges({}, 0.05).empty());
  EXPECT_TRUE(PairedChanges({{1, 2, 3}}, 0.05).empty());
  EXPECT_TRUE(PairedChanges({{1}, {2}}, 0.05).empty());
  EXPECT_THROW(PairedChanges({{1, 2}, {2}}, 0.05), Error);
}

// Of series without a change no more than alpha are said to have one.
TEST(ChangePoints, FalseAlarms) {
  int paired = 0, series = 0;
  constexpr int kTrials = 200;
  for (int trial = 0; trial < kTrials; ++trial) {
    paired += !PairedChanges(Made(8, 12, 1, 8, 0, static_cast<uint64_t>(trial)), 0.05).empty();
    if (trial >= 60) continue;
    std::vector<double> values;
    std::mt19937_64 random(static_cast<uint64_t>(trial) + 1000);
    for (int v = 0; v < 12; ++v) values.push_back(Noise(random));
    series += !SeriesChanges(values, 0.05).empty();
  }
  EXPECT_LE(paired, 17);  // 10 expected at most, and two standard deviations
  EXPECT_LE(series, 7);   // 3 expected
}

TEST(SeriesChanges, FindsAStepInNoise) {
  std::mt19937_64 random(5);
  std::vector<double> values;
  for (int v = 0; v < 16; ++v) values.push_back(0.05 * Noise(random) + (v >= 9 ? 0.4 : 0));
  const auto found = SeriesChanges(values, 0.01);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].at, 9u);
  EXPECT_NEAR(found[0].after - found[0].before, 0.4, 0.1);
  // Of few values any order is likely.
  EXPECT_TRUE(SeriesChanges({1, 1.01, 2, 2.01}, 0.05).empty());
  EXPECT_TRUE(SeriesChanges({1, 1, 1, 1, 1, 1}, 0.05).empty());
  EXPECT_TRUE(SeriesChanges({1}, 0.05).empty());
}

}  // namespace
}  // namespace skipbench
