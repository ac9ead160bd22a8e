// Kernel distances, precision and recall without a block of samples: what the remaining rows alone give, and intervals
// that hold the expectation about as often as they say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "harness/stats/jackknife.h"
#include "harness/stats/kernel_distance.h"
#include "harness/stats/moments.h"
#include "harness/stats/precision_recall.h"
#include "tests/support/fixtures.h"
#include "tests/support/set_distances.h"

namespace skipbench {
namespace {

using testing::EstimateFrechet;
using testing::UnbiasedMmd2;

constexpr int64_t kDimension = 4;

// Normal, around `shift` in every dimension; some rows twice, if asked for.
std::vector<float> Random(int64_t rows, uint64_t seed, double shift = 0, bool repeat = false) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(static_cast<float>(shift), 1);
  std::vector<float> values(static_cast<size_t>(rows * kDimension));
  for (float& value : values) value = normal(random);
  if (repeat)
    for (int64_t i = 7; i < rows; i += 9)
      std::copy_n(values.begin() + (i - 7) * kDimension, kDimension, values.begin() + i * kDimension);
  return values;
}

FeatureView View(const std::vector<float>& values) { return {values, kDimension}; }

// The rows outside [begin, end).
std::vector<float> Without(const std::vector<float>& values, int64_t begin, int64_t end) {
  std::vector<float> rest(values.begin(), values.begin() + begin * kDimension);
  rest.insert(rest.end(), values.begin() + end * kDimension, values.end());
  return rest;
}

std::vector<int64_t> AllRows(int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return rows;
}

TEST(KernelDistance, WithoutABlockItIsThatOfTheOtherRows) {
  const std::vector<float> a = Random(43, 1), b = Random(43, 2, 0.5), other = Random(30, 3, 0.5);
  const std::vector<int64_t> bounds = BlockBounds(43, 6), rows = AllRows(43), other_rows = AllRows(30);
  const KernelDistance both =
      KernelInceptionDistance(View(a), View(b), std::span(&rows, 1), std::span(&rows, 1), {bounds, true});
  const KernelDistance alone =
      KernelInceptionDistance(View(a), View(other), std::span(&rows, 1), std::span(&other_rows, 1), {bounds, false});
  EXPECT_NEAR(both.mean, UnbiasedMmd2(View(a), View(b), true), 1e-12);
  ASSERT_EQ(both.without_block.size(), 6u);
  ASSERT_EQ(alone.without_block.size(), 6u);
  for (size_t k = 0; k < 6; ++k) {
    const auto rest = Without(a, bounds[k], bounds[k + 1]), rest_b = Without(b, bounds[k], bounds[k + 1]);
    EXPECT_NEAR(both.without_block[k], UnbiasedMmd2(View(rest), View(rest_b), true), 1e-12);
    EXPECT_NEAR(alone.without_block[k], UnbiasedMmd2(View(rest), View(other)), 1e-12);
  }
  EXPECT_ERROR(KernelInceptionDistance(View(a), View(other), {.subset_size = 20}, {bounds, true}), "A has 43 and B 30");
  EXPECT_ERROR(KernelInceptionDistance(View(other), View(a), {.subset_size = 20}, {bounds, false}),
               "blocks of 43 samples for a set of 30");
}

// By hand: every pair of pairs (Gretton et al. 2012, equation 4).
TEST(KernelDistance, OfPairsIsTheUStatisticOverPairs) {
  const int64_t n = 17;
  const std::vector<float> x = Random(n, 21), y = Random(n, 22, 0.4);
  const auto kernel = [](std::span<const float> a, std::span<const float> b) {
    double product = 0;
    for (size_t d = 0; d < a.size(); ++d) product += static_cast<double>(a[d]) * static_cast<double>(b[d]);
    return std::pow(product / static_cast<double>(kDimension) + 1, 3);
  };
  double sum = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      if (i != j)
        sum += kernel(View(x).row(i), View(x).row(j)) + kernel(View(y).row(i), View(y).row(j)) -
               kernel(View(x).row(i), View(y).row(j)) - kernel(View(x).row(j), View(y).row(i));
  EXPECT_NEAR(UnbiasedMmd2(View(x), View(y), true), sum / static_cast<double>(n * (n - 1)), 1e-11);
  EXPECT_NEAR(UnbiasedMmd2(View(x), View(x), true), 0, 1e-12);
  EXPECT_LT(UnbiasedMmd2(View(x), View(x)), -0.1) << "k(x, x) is no estimate of two independent samples";
  EXPECT_ERROR(UnbiasedMmd2(View(x), View(Random(9, 1)), true), "A has 17 and B 9");
  // Subsets take the same rows of both, so that equal sets are equal in each of them.
  const KernelDistance subsets =
      KernelInceptionDistance(View(x), View(x), {.subsets = 5, .subset_size = 7}, {{}, true});
  EXPECT_NEAR(subsets.mean, 0, 1e-12);
  EXPECT_NEAR(subsets.stddev, 0, 1e-12);
  // Subsets of other rows: only what is of the same sample is left out.
  const std::vector<int64_t> rows_x = {0, 1, 2}, rows_y = {2, 5};
  const double xx = (kernel(View(x).row(0), View(x).row(1)) + kernel(View(x).row(0), View(x).row(2)) +
                     kernel(View(x).row(1), View(x).row(2))) /
                    3,
               yy = kernel(View(y).row(2), View(y).row(5));
  double xy = 0;
  for (const int64_t i : rows_x)
    for (const int64_t j : rows_y)
      if (i != j) xy += kernel(View(x).row(i), View(y).row(j)) / 5;
  EXPECT_NEAR(KernelInceptionDistance(View(x), View(y), std::span(&rows_x, 1), std::span(&rows_y, 1), {{}, true}).mean,
              xx + yy - 2 * xy, 1e-12);
}

// Of one distribution, whatever the two of a pair have in common, it is 0 in the mean; what holds for independent sets
// only is far below.
TEST(KernelDistance, OfPairsIsUnbiasedWhateverPairsHaveInCommon) {
  for (const double common : {0.0, 0.6, 0.99}) {
    RunningMoments paired, independent;
    for (uint64_t trial = 0; trial < 400; ++trial) {
      const std::vector<float> x = Random(25, 100 + 2 * trial);
      std::vector<float> y = Random(25, 101 + 2 * trial);
      for (size_t i = 0; i < y.size(); ++i)
        y[i] = static_cast<float>(common * x[i] + std::sqrt(1 - common * common) * y[i]);
      paired.Add(UnbiasedMmd2(View(x), View(y), true));
      independent.Add(UnbiasedMmd2(View(x), View(y)));
    }
    const auto error = [](const RunningMoments& values) { return values.stddev() / std::sqrt(400.0); };
    EXPECT_LT(std::fabs(paired.mean()), 4 * error(paired)) << common;
    if (common == 0) {
      EXPECT_LT(std::fabs(independent.mean()), 4 * error(independent));
    } else {
      EXPECT_LT(independent.mean(), -8 * error(independent)) << common;
    }
  }
}

// Subsets lose what they have of a block; of a subset with less than two rows left nothing is known.
TEST(KernelDistance, SubsetsWithoutABlock) {
  const std::vector<float> a = Random(20, 4), b = Random(25, 5, 1);
  const std::vector<int64_t> bounds = {0, 5, 20};
  const std::vector<std::vector<int64_t>> rows_a = {{0, 1, 2, 19}, {3, 17, 6, 12}, {4, 5, 6, 7}},
                                          rows_b = {{24, 2, 0, 7}, {1, 2, 3, 4}, {5, 6, 20, 21}};
  const KernelDistance distance = KernelInceptionDistance(View(a), View(b), rows_a, rows_b, {bounds, false});
  const auto of = [&](std::vector<std::vector<int64_t>> left, std::vector<std::vector<int64_t>> right) {
    return KernelInceptionDistance(View(a), View(b), left, right).mean;
  };
  ASSERT_EQ(distance.without_block.size(), 2u);
  EXPECT_NEAR(distance.without_block[0], of({{17, 6, 12}, {5, 6, 7}}, {rows_b[1], rows_b[2]}),
              1e-12);  // {19} is too little
  EXPECT_NEAR(distance.without_block[1], of({{0, 1, 2}}, {rows_b[0]}), 1e-12);
  const KernelDistance nothing = KernelInceptionDistance(View(a), View(b), std::span(rows_a).first(1),
                                                         std::span(rows_b).first(1), {bounds, false});
  EXPECT_TRUE(nothing.without_block.empty());
}

TEST(PrecisionRecall, WithoutABlockTheyAreThoseOfTheOtherRows) {
  for (const int64_t k : {1, 3})
    for (const bool repeat : {false, true}) {
      SCOPED_TRACE(fmt::format("k = {}, repeat {}", k, repeat));
      const std::vector<float> g = Random(61, 6, 0, repeat), r = Random(61, 7, 0.8, repeat),
                               other = Random(40, 8, 0.8, repeat);
      const std::vector<int64_t> bounds = BlockBounds(61, 7);
      const auto both = ComputePrecisionRecall(View(g), View(r), true, bounds, k);
      const auto alone = ComputePrecisionRecall(View(g), View(other), false, bounds, k);
      EXPECT_EQ(both.whole.precision, ComputePrecisionRecall(View(g), View(r), k).precision);
      EXPECT_EQ(alone.whole.recall, ComputePrecisionRecall(View(g), View(other), k).recall);
      ASSERT_EQ(both.without_block.size(), 7u);
      ASSERT_EQ(alone.without_block.size(), 7u);
      for (size_t b = 0; b < 7; ++b) {
        const auto rest = Without(g, bounds[b], bounds[b + 1]), rest_r = Without(r, bounds[b], bounds[b + 1]);
        const PrecisionRecall p = ComputePrecisionRecall(View(rest), View(rest_r), k),
                              q = ComputePrecisionRecall(View(rest), View(other), k);
        EXPECT_DOUBLE_EQ(both.without_block[b].precision, p.precision);
        EXPECT_DOUBLE_EQ(both.without_block[b].recall, p.recall);
        EXPECT_DOUBLE_EQ(alone.without_block[b].precision, q.precision);
        EXPECT_DOUBLE_EQ(alone.without_block[b].recall, q.recall);
      }
    }
  // Four samples and k = 3: nothing can be left out.
  const std::vector<float> few = Random(4, 9);
  EXPECT_TRUE(ComputePrecisionRecall(View(few), View(few), true, BlockBounds(4, 4)).without_block.empty());
}

// How often value +- 1.96 standard errors holds the mean of many values.
double Coverage(int trials, const std::function<JackknifeEstimate(uint64_t)>& estimate) {
  RunningMoments values;
  std::vector<JackknifeEstimate> all;
  for (int trial = 0; trial < trials; ++trial) {
    all.push_back(estimate(5000 + static_cast<uint64_t>(trial)));
    values.Add(all.back().value);
  }
  int held = 0;
  for (const auto& one : all) held += std::fabs(one.value - values.mean()) <= 1.96 * one.standard_error;
  return static_cast<double>(held) / trials;
}

TEST(Jackknife, IntervalsOfKernelDistancesHoldTheExpectation) {
  const std::vector<float> reference = Random(120, 10, 0.5);
  const std::vector<int64_t> bounds = BlockBounds(100, 20);
  const auto estimate = [&](bool paired, const KernelDistanceOptions& options) {
    return Coverage(200, [&, paired, options](uint64_t seed) {
      const std::vector<float> a = Random(100, seed);
      std::vector<float> b = reference;
      if (paired) {  // the same samples, moved a little
        b = Random(100, seed + 100000);
        for (size_t i = 0; i < b.size(); ++i) b[i] = a[i] + 0.3f * b[i] + 0.2f;
      }
      const KernelDistance distance = KernelInceptionDistance(View(a), View(b), options, {bounds, paired});
      return Jackknife(distance.mean, distance.without_block);
    });
  };
  for (const bool paired : {false, true})
    for (const KernelDistanceOptions& options : {KernelDistanceOptions{.subsets = 1, .subset_size = 100},
                                                 KernelDistanceOptions{.subsets = 20, .subset_size = 40}}) {
      const double coverage = estimate(paired, options);
      EXPECT_GT(coverage, 0.88) << paired << " " << options.subsets;
      EXPECT_LT(coverage, 0.995) << paired << " " << options.subsets;
    }
}

// Pairs lose the same block; distances and shares of sets that hang together.
TEST(Jackknife, IntervalsOfPairsHoldTheExpectation) {
  const std::vector<int64_t> bounds = BlockBounds(100, 20);
  const auto pair = [&](uint64_t seed) {
    const std::vector<float> a = Random(100, seed);
    std::vector<float> b = Random(100, seed + 100000);
    for (size_t i = 0; i < b.size(); ++i) b[i] = 0.7f * a[i] + 0.9f * b[i] + 0.2f;
    return std::pair(a, b);
  };
  const double frechet = Coverage(150, [&](uint64_t seed) {
    const auto [a, b] = pair(seed);
    return EstimateFrechet(View(a), View(b), true, 20).jackknife;
  });
  EXPECT_GT(frechet, 0.86);
  EXPECT_LE(frechet, 1);
  for (const bool recall : {false, true}) {
    const double coverage = Coverage(150, [&](uint64_t seed) {
      const auto [a, b] = pair(seed);
      const auto blocks = ComputePrecisionRecall(View(a), View(b), true, bounds);
      std::vector<double> without;
      for (const auto& one : blocks.without_block) without.push_back(recall ? one.recall : one.precision);
      return Jackknife(recall ? blocks.whole.recall : blocks.whole.precision, without);
    });
    EXPECT_GT(coverage, 0.86) << recall;
    EXPECT_LE(coverage, 1) << recall;
  }
}

TEST(Jackknife, IntervalsOfPrecisionAndRecallHoldTheExpectation) {
  const std::vector<float> reference = Random(120, 11, 0.8);
  const std::vector<int64_t> bounds = BlockBounds(100, 20);
  for (const bool recall : {false, true}) {
    const double coverage = Coverage(200, [&](uint64_t seed) {
      const std::vector<float> a = Random(100, seed);
      const auto blocks = ComputePrecisionRecall(View(a), View(reference), false, bounds);
      std::vector<double> without;
      for (const auto& one : blocks.without_block) without.push_back(recall ? one.recall : one.precision);
      return Jackknife(recall ? blocks.whole.recall : blocks.whole.precision, without);
    });
    EXPECT_GT(coverage, 0.88) << recall;
    EXPECT_LT(coverage, 0.995) << recall;
  }
}

}  // namespace
}  // namespace skipbench
