#include "harness/stats/chi_square.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/stats/gamma.h"
#include "harness/stats/path_agreement.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(ChiSquareTail, AgreesWithScipy) {
  auto expect = [](double x, double dof, double p) { EXPECT_NEAR(ChiSquareTail(x, dof) / p, 1, 1e-12) << x << " " << dof; };
  expect(0.5, 1, 0.47950012218695337);
  expect(3.84, 1, 0.05004352124870519);
  expect(10, 3, 0.01856613546304325);
  expect(100, 7, 1.0787979671702833e-18);
  expect(5, 2, 0.0820849986238988);
  EXPECT_EQ(ChiSquareTail(0, 1), 1);
  EXPECT_NEAR(ChiSquareTail(0.1, 20), 1, 1e-15);
  // mpmath, where the tail itself is below the smallest double.
  EXPECT_EQ(ChiSquareTail(2000, 1), 0);
  EXPECT_NEAR(ChiSquareTailLog10(2000, 1), -436.04327371607294795, 1e-9);
  EXPECT_NEAR(ChiSquareTailLog10(1e5, 4), -21710.025116472452583, 1e-7);
}

TEST(ChiSquare, AWorkedTable) {
  const ChiSquare test = TestIndependence({{10, 20}, {30, 40}});
  EXPECT_TRUE(test.defined);
  EXPECT_NEAR(test.chi2, 0.7936507936507936, 1e-15);
  EXPECT_NEAR(test.chi2_yates, 0.4464285714285714, 1e-15);
  EXPECT_NEAR(test.phi, -0.0890870806374748, 1e-15);
  EXPECT_EQ(test.min_expected, 12);
}

TEST(ChiSquare, NothingToTestIsUndefined) {
  for (const ContingencyTable& table : {ContingencyTable{{0, 0}, {4, 9}}, {{4, 0}, {9, 0}}, {{0, 0}, {0, 0}}}) {
    EXPECT_FALSE(TestIndependence(table).defined);
    EXPECT_EQ(TestExactly(table).fisher_two_sided, 1);
    EXPECT_EQ(TestExactly(table).permutation_chi2, 1);
  }
}

TEST(ChiSquare, LargeCountsDoNotOverflow) {
  const int64_t big = int64_t{1} << 50;
  const ChiSquare test = TestIndependence({{big, big / 2}, {big / 2, big}});
  EXPECT_TRUE(test.defined);
  EXPECT_NEAR(test.phi, 1.0 / 3, 1e-15);
  EXPECT_NEAR(test.cramers_v, 1.0 / 3, 1e-15);
  EXPECT_EQ(test.p, 0);
  EXPECT_TRUE(std::isfinite(test.log10_p));
}

TEST(ChiSquare, ExactTestsOfALargerTable) {
  const Exact2x2 exact = TestExactly({{1000, 800}, {900, 1100}});
  EXPECT_NEAR(exact.fisher_greater + exact.fisher_less, 1, 0.01);   // they share the observed table
  EXPECT_LT(exact.fisher_two_sided, 1e-9);
  EXPECT_GT(exact.fisher_two_sided, 1e-11);   // chi-square says 8e-11
}

TEST(ChiSquare, RefusesWhatIsNoTable) {
  EXPECT_ERROR(TestIndependence({}), "at least two rows");
  EXPECT_ERROR(TestIndependence({{1, 2}}), "at least two rows");
  EXPECT_ERROR(TestIndependence({{1}, {2}}), "at least two rows");
  EXPECT_ERROR(TestIndependence({{1, 2}, {3}}), "row 1 has 1 columns");
  EXPECT_ERROR(TestIndependence({{1, 2}, {3, -4}}), "negative: -4");
  EXPECT_ERROR(TestIndependence({{INT64_MAX, INT64_MAX}, {1, 1}}), "2^53");
  EXPECT_ERROR(TestExactly({{1, 2, 3}, {4, 5, 6}}), "two rows and two columns");
  EXPECT_ERROR(TestExactly({{10'000'000, 1}, {1, 1}}), "too many");
}

using Path = std::vector<uint8_t>;

TEST(ComparePaths, CountsAndLeavesOutForcedSteps) {
  const Path searched = {1, 1, 0, 0, 1, 0};
  const Path estimated = {1, 1, 0, 1, 1, 0};
  const PathAgreement all = ComparePaths(searched, estimated);
  EXPECT_EQ(all.table, (ContingencyTable{{2, 1}, {0, 3}}));
  EXPECT_EQ(all.skips_searched, 3);
  EXPECT_EQ(all.skips_estimated, 2);
  EXPECT_NEAR(all.agreement, 5.0 / 6, 1e-15);
  EXPECT_EQ(ComparePaths(searched, estimated, 2).table, (ContingencyTable{{2, 1}, {0, 1}}));
}

TEST(ComparePaths, ShiftsKeepTheRuns) {
  // Two equal paths of long runs: plain permutation finds them far more surprising than they are.
  Path path(40, 1);
  std::fill(path.begin() + 10, path.begin() + 30, 0);
  const PathAgreement same = ComparePaths(path, path);
  EXPECT_LT(same.exact.permutation_chi2, 1e-9);
  EXPECT_NEAR(same.shift_p, 2.0 / 40, 1e-15);   // itself, and its opposite
  const Path alternating = {1, 0, 1, 0, 1, 0};
  EXPECT_EQ(ComparePaths(alternating, alternating).shift_p, 1);   // every shift is as extreme
}

TEST(ComparePaths, SummaryOfNothingDefined) {
  const Path searched = {1, 0, 1, 0};
  const Path never_skips = {1, 1, 1, 1};
  const PathAgreement one = ComparePaths(searched, never_skips);
  EXPECT_FALSE(one.test.defined);
  const PathSummary summary = Summarise(std::span(&one, 1));
  EXPECT_EQ(summary.count, 1);
  EXPECT_EQ(summary.defined, 0);
  EXPECT_TRUE(std::isnan(summary.mean_chi2) && std::isnan(summary.median_p));
  EXPECT_EQ(summary.mean_agreement, 0.5);
  EXPECT_FALSE(summary.pooled.defined);
  EXPECT_EQ(Summarise({}).count, 0);
}

TEST(ComparePaths, RefusesWhatIsNoPath) {
  const Path a = {1, 0, 1}, b = {1, 0}, c = {1, 2, 1};
  EXPECT_ERROR(ComparePaths(a, b), "3 steps, the estimated one 2");
  EXPECT_ERROR(ComparePaths(a, c), "estimated path, step 1: expected 0 or 1, found 2");
  EXPECT_ERROR(ComparePaths(a, a, 3), "no step is left");
  EXPECT_ERROR(ComparePaths({}, {}), "no step is left");
}

}  // namespace
}  // namespace skipbench
