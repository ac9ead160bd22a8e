#include "harness/stats/chi_square.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/stats/path_agreement.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// The tail of the chi-square distribution, by scipy.
TEST(ChiSquare, TailAgreesWithScipy) {
  // Tables [[a, b], [b, a]] have chi2 = 2 (a - b)^2 / (a + b).
  auto expect = [](int64_t a, int64_t b, double chi2, double p) {
    const ChiSquare test = TestIndependence({{a, b}, {b, a}});
    EXPECT_NEAR(test.chi2, chi2, 1e-13);
    EXPECT_NEAR(test.p / p, 1, 1e-12) << chi2;
  };
  expect(5, 3, 1, 0.31731050786291415);
  expect(3, 1, 2, 0.15729920705028516);
  expect(25, 15, 5, 0.025347318677468263);
  expect(50, 0, 100, 1.5239706048321052e-23);
  EXPECT_EQ(TestIndependence({{4, 4}, {4, 4}}).p, 1);
  const ChiSquare wide = TestIndependence({{10, 0, 0}, {0, 10, 0}, {0, 0, 10}});  // 4 degrees of freedom
  EXPECT_NEAR(wide.p / 2.900863120340454e-12, 1, 1e-12);                          // chi2 = 60: 31 exp(-30)
}

TEST(ChiSquare, AWorkedTable) {
  const ChiSquare test = TestIndependence({{10, 20}, {30, 40}});
  EXPECT_TRUE(test.defined);
  EXPECT_NEAR(test.chi2, 0.7936507936507936, 1e-15);
  EXPECT_NEAR(test.chi2_yates, 0.4464285714285714, 1e-15);
  EXPECT_NEAR(test.phi, -0.0890870806374748, 1e-15);
  EXPECT_EQ(test.expected[0][0], 12);
}

TEST(ChiSquare, NothingToTestIsUndefined) {
  for (const ContingencyTable& table : {ContingencyTable{{0, 0}, {4, 9}}, {{4, 0}, {9, 0}}, {{0, 0}, {0, 0}}}) {
    EXPECT_FALSE(TestIndependence(table).defined);
    EXPECT_EQ(FisherExactP(table), 1);
  }
}

TEST(ChiSquare, LargeCountsDoNotOverflow) {
  const int64_t big = int64_t{1} << 50;
  const ChiSquare test = TestIndependence({{big, big / 2}, {big / 2, big}});
  EXPECT_TRUE(test.defined);
  EXPECT_NEAR(test.phi, 1.0 / 3, 1e-15);
  EXPECT_EQ(test.p, 0);
}

TEST(ChiSquare, FishersTestOfALargerTable) {
  const double p = FisherExactP({{1000, 800}, {900, 1100}});
  EXPECT_LT(p, 1e-9);
  EXPECT_GT(p, 1e-11);  // chi-square says 8e-11
}

TEST(ChiSquare, RefusesWhatIsNoTable) {
  EXPECT_ERROR(TestIndependence({}), "at least two rows");
  EXPECT_ERROR(TestIndependence({{1, 2}}), "at least two rows");
  EXPECT_ERROR(TestIndependence({{1}, {2}}), "at least two rows");
  EXPECT_ERROR(TestIndependence({{1, 2}, {3}}), "row 1 has 1 columns");
  EXPECT_ERROR(TestIndependence({{1, 2}, {3, -4}}), "negative: -4");
  EXPECT_ERROR(TestIndependence({{INT64_MAX, INT64_MAX}, {1, 1}}), "2^53");
  EXPECT_ERROR(FisherExactP({{1, 2, 3}, {4, 5, 6}}), "two rows and two columns");
  EXPECT_ERROR(FisherExactP({{10'000'000, 1}, {1, 1}}), "too many");
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
  EXPECT_LT(same.fisher_p, 1e-9);
  EXPECT_NEAR(same.shift_p, 2.0 / 40, 1e-15);  // itself, and its opposite
  const Path alternating = {1, 0, 1, 0, 1, 0};
  EXPECT_EQ(ComparePaths(alternating, alternating).shift_p, 1);  // every shift is as extreme
}

TEST(ComparePaths, APathThatNeverSkipsCannotBeTested) {
  const Path searched = {1, 0, 1, 0}, never_skips = {1, 1, 1, 1};
  EXPECT_FALSE(ComparePaths(searched, never_skips).test.defined);
  EXPECT_EQ(ComparePaths(searched, never_skips).agreement, 0.5);
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
