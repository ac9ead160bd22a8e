// Feature statistics, Frechet distance, kernel distance, precision and recall, jackknife: values that can be worked out
// by hand, invariances, and input that does not fit.
#include "harness/stats/frechet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/stats/jackknife.h"
#include "harness/stats/kernel_distance.h"
#include "harness/stats/precision_recall.h"
#include "tests/support/fixtures.h"
#include "tests/support/set_distances.h"

namespace skipbench {
namespace {

using testing::EstimateFrechet;
using testing::FrechetEstimate;
using testing::UnbiasedMmd2;

// About normal: the sum of twelve uniform values less six.
std::vector<float> Random(int64_t count, uint64_t seed, double scale = 1, double shift = 0) {
  SplitMix random(seed);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    double sum = -6;
    for (int k = 0; k < 12; ++k) sum += static_cast<double>(random.Next() >> 11) * 0x1p-53;
    values.push_back(static_cast<float>(sum * scale + shift));
  }
  return values;
}

double MaxDifference(const FeatureStatistics& a, const FeatureStatistics& b) {
  return std::max((a.mean() - b.mean()).cwiseAbs().maxCoeff(), (a.scatter() - b.scatter()).cwiseAbs().maxCoeff());
}

TEST(FeatureStatistics, MeanAndUnbiasedCovariance) {
  const std::vector<float> values = {1, 10, 2, 20, 6, 30};
  const Gaussian normal = StatisticsOf({values, 2}).Normal();
  EXPECT_EQ(normal.count, 3);
  EXPECT_DOUBLE_EQ(normal.mean(0), 3);
  EXPECT_DOUBLE_EQ(normal.mean(1), 20);
  EXPECT_DOUBLE_EQ(normal.covariance(0, 0), 7);  // (4 + 1 + 9) / 2
  EXPECT_DOUBLE_EQ(normal.covariance(1, 1), 100);
  EXPECT_DOUBLE_EQ(normal.covariance(0, 1), 25);  // (20 + 0 + 30) / 2
  EXPECT_DOUBLE_EQ(normal.covariance(1, 0), 25);
}

TEST(FeatureStatistics, PartsInAnyOrder) {
  constexpr int64_t kRows = 700, kDimension = 24;
  const std::vector<float> values = Random(kRows * kDimension, 1, 3, 500);
  const FeatureView all{values, kDimension};
  const FeatureStatistics whole = StatisticsOf(all);
  SplitMix random(5);
  for (int64_t parts : {1, 2, 7, 699}) {
    std::vector<FeatureStatistics> shards;
    const std::vector<int64_t> bounds = BlockBounds(kRows, parts);
    for (size_t k = 0; k + 1 < bounds.size(); ++k) shards.push_back(StatisticsOf(all.Rows(bounds[k], bounds[k + 1])));
    for (size_t i = shards.size(); i > 1; --i) std::swap(shards[i - 1], shards[random.Below(i)]);
    FeatureStatistics merged;
    for (const FeatureStatistics& shard : shards) merged.Merge(shard);
    EXPECT_EQ(merged.count(), kRows);
    EXPECT_LT(MaxDifference(merged, whole), 1e-9) << parts << " parts";
  }
}

TEST(FeatureStatistics, WithoutIsTheOppositeOfMerge) {
  const std::vector<float> values = Random(100 * 5, 2, 1, -30);
  const FeatureView all{values, 5};
  const FeatureStatistics part = StatisticsOf(all.Rows(30, 47));
  FeatureStatistics rest = StatisticsOf(all.Rows(0, 30));
  rest.Merge(StatisticsOf(all.Rows(47, 100)));
  EXPECT_LT(MaxDifference(StatisticsOf(all).Without(part), rest), 1e-9);
  EXPECT_EQ(StatisticsOf(all).Without(part).count(), 83);
  EXPECT_ERROR(part.Without(StatisticsOf(all)), "are not a part of 17 samples");
}

TEST(FeatureStatistics, RefusesWhatDoesNotFit) {
  FeatureStatistics statistics;
  std::vector<float> values = Random(12, 3);
  statistics.Add({values, 4});
  EXPECT_ERROR(statistics.Add({values, 3}), "features of 3 dimensions do not belong to statistics of 4");
  EXPECT_ERROR(statistics.Add({std::span(values).first(6), 4}), "6 values do not fill whole rows of 4");
  values[6] = NAN;
  EXPECT_ERROR(statistics.Add({values, 4}), "feature 2 of sample 1 is not finite");
  EXPECT_EQ(statistics.count(), 3) << "what is refused must leave no trace";
  EXPECT_ERROR(StatisticsOf({std::span(values).first(4), 4}).Normal(), "at least two samples, found 1");
}

TEST(FrechetDistance, DiagonalCovariancesByHand) {
  Gaussian a{0, Eigen::Vector3d(1, 2, 3), Eigen::Vector3d(4, 9, 16).asDiagonal()};
  Gaussian b{0, Eigen::Vector3d(1, 0, 3), Eigen::Vector3d(1, 1, 25).asDiagonal()};
  const FrechetResult result = FrechetDistance(a, b);
  EXPECT_NEAR(result.distance, 4 + 1 + 4 + 1, 1e-12);  // |m|^2 + sum (sigma_a - sigma_b)^2
  EXPECT_NEAR(result.mean_term, 4, 1e-15);
  EXPECT_NEAR(result.trace_root, 2 + 3 + 20, 1e-12);
}

TEST(FrechetDistance, BothFormsAgree) {
  const std::vector<float> a = Random(300 * 20, 10), b = Random(200 * 20, 11, 1.4, 0.3);
  const FeatureView va{a, 20}, vb{b, 20};
  const double features = FrechetDistance(va, vb).distance;
  EXPECT_NEAR(FrechetDistance(StatisticsOf(va), StatisticsOf(vb)).distance, features, 1e-11 * features);
  EXPECT_NEAR(FrechetDistance(vb, va).distance, features, 1e-11 * features);
}

TEST(FrechetDistance, OneSingularCovariance) {
  // Rank one against the identity: tr (S I)^(1/2) = the root of S's eigenvalue.
  const Eigen::Vector2d v(3, 4);
  Gaussian a{0, Eigen::Vector2d::Zero(), v * v.transpose()};
  Gaussian b{0, Eigen::Vector2d::Zero(), Eigen::Matrix2d::Identity()};
  EXPECT_NEAR(FrechetDistance(a, b).distance, 25 + 2 - 2 * 5, 1e-6);
  EXPECT_NEAR(FrechetDistance(b, a).distance, 25 + 2 - 2 * 5, 1e-6);
  EXPECT_NEAR(FrechetDistance(a, a).distance, 0, 1e-6);
}

TEST(FrechetDistance, RefusesWhatDoesNotFit) {
  const std::vector<float> values = Random(64, 14);
  EXPECT_ERROR(FrechetDistance(FeatureView{values, 8}, FeatureView{values, 16}), "set A has 8 dimensions, set B 16");
  EXPECT_ERROR(FrechetDistance(FeatureView{values, 8}, FeatureView{std::span(values).first(8), 8}),
               "set B has 1 sample; at least two");
  Gaussian good{0, Eigen::Vector2d::Zero(), Eigen::Matrix2d::Identity()}, bad = good;
  bad.covariance(0, 1) = 0.5;
  EXPECT_ERROR(FrechetDistance(good, bad), "covariance of set B is not symmetric");
  bad.covariance(1, 0) = 0.5, bad.covariance(1, 1) = -2;
  EXPECT_ERROR(FrechetDistance(good, bad), "the covariance of set B has the variance -2 at place 1");
  bad.covariance(0, 1) = NAN;
  EXPECT_ERROR(FrechetDistance(bad, good), "set A has a value that is not finite");
}

TEST(KernelDistance, ByHand) {
  // One dimension, k(x, y) = (xy + 1)^3: x = {0, 1}, y = {1, 2}.
  const std::vector<float> x = {0, 1}, y = {1, 2};
  // x: k(0,1) = 1; y: k(1,2) = 27; across: k(0,1) = k(0,2) = 1, k(1,1) = 8, k(1,2) = 27, mean 37/4.
  EXPECT_NEAR(UnbiasedMmd2({x, 1}, {y, 1}), 1 + 27 - 2 * 37.0 / 4, 1e-12);
}

TEST(KernelDistance, SubsetsFollowFromTheSeed) {
  const std::vector<float> a = Random(90 * 6, 20), b = Random(80 * 6, 21, 1, 0.5);
  const KernelDistanceOptions options{.subsets = 30, .subset_size = 40, .seed = 7};
  const KernelDistance first = KernelInceptionDistance({a, 6}, {b, 6}, options);
  EXPECT_EQ(first.mean, KernelInceptionDistance({a, 6}, {b, 6}, options).mean);
  EXPECT_NEAR(first.mean, UnbiasedMmd2({a, 6}, {b, 6}), 4 * first.stddev / std::sqrt(30));
  KernelDistanceOptions whole{.subsets = 2, .subset_size = 80, .seed = 1};
  EXPECT_NEAR(KernelInceptionDistance({b, 6}, {b, 6}, whole).stddev, 0, 1e-12) << "all rows are in every subset";
  whole.subset_size = 1000;
  EXPECT_ERROR(KernelInceptionDistance({a, 6}, {b, 6}, whole), "set A has 90 samples, fewer than the 1000 of a subset");
}

TEST(PrecisionRecall, ByHand) {
  // On a line; k = 1. Real 0, 1, 10: radii 1, 1, 9. Generated 0.5, 30, 31: radii 29.5, 1, 1.
  const std::vector<float> real = {0, 1, 10}, generated = {0.5, 30, 31};
  const PrecisionRecall result = ComputePrecisionRecall({generated, 1}, {real, 1}, 1);
  EXPECT_DOUBLE_EQ(result.precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(result.recall, 1);
  EXPECT_ERROR(ComputePrecisionRecall({generated, 1}, {real, 1}, 3), "at least 4 are needed");
}

TEST(PrecisionRecall, EqualSamplesAreWithinABallOfRadiusZero) {
  const std::vector<float> same = {5, 5, 5, 5, 1, 1, 1, 1};
  const PrecisionRecall result = ComputePrecisionRecall({same, 1}, {same, 1}, 3);
  EXPECT_EQ(result.precision, 1);
  EXPECT_EQ(result.recall, 1);
}

TEST(Jackknife, OfAMeanIsTheUsualStandardError) {
  const std::vector<double> values = {1, 2, 4, 8, 16};
  std::vector<double> without;
  for (double value : values) without.push_back((31 - value) / 4);
  const JackknifeEstimate estimate = Jackknife(6.2, without);
  EXPECT_NEAR(estimate.standard_error, std::sqrt(37.2 / 5), 1e-12);  // variance 37.2 with n - 1
  EXPECT_TRUE(std::isnan(Jackknife(1, {}).standard_error));
}

TEST(Jackknife, TheSameFromFeaturesAndFromBlocks) {
  constexpr int64_t d = 6;
  const std::vector<float> a = Random(120 * d, 30), b = Random(120 * d, 31, 1.2);
  const FeatureView va{a, d}, vb{b, d};
  std::vector<FeatureStatistics> blocks_a;
  const std::vector<int64_t> bounds = BlockBounds(120, 8);
  for (size_t k = 0; k < 8; ++k) blocks_a.push_back(StatisticsOf(va.Rows(bounds[k], bounds[k + 1])));
  const std::vector<double> of_blocks = FrechetWithoutBlock(blocks_a, StatisticsOf(vb).Normal()),
                            of_features = FrechetWithoutBlock(va, vb, false, 8);
  for (size_t k = 0; k < 8; ++k) EXPECT_NEAR(of_blocks[k], of_features[k], 1e-10);
}

TEST(Jackknife, SaysHowFarADistanceScatters) {
  // Many pairs of sets of the same two distributions: the mean of the jackknife's errors against how the distances
  // scatter.
  constexpr int64_t d = 4, n = 240;
  std::vector<double> distances, errors;
  const std::vector<float> reference = Random(4000 * d, 1000);
  for (uint64_t trial = 0; trial < 60; ++trial) {
    const std::vector<float> set = Random(n * d, 2000 + trial, 1.3, 0.2);
    const FrechetEstimate estimate = EstimateFrechet({set, d}, {reference, d}, false, 15);
    distances.push_back(estimate.whole.distance);
    errors.push_back(estimate.jackknife.standard_error);
  }
  const auto mean = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  };
  double variance = 0;
  for (double one : distances) variance += std::pow(one - mean(distances), 2) / 59;
  EXPECT_NEAR(mean(errors), std::sqrt(variance), 0.3 * std::sqrt(variance));
}

}  // namespace
}  // namespace skipbench
