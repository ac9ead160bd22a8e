#include "harness/stats/path_agreement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

std::vector<uint8_t> Path(const std::string& text) {
  std::vector<uint8_t> path;
  for (const char c : text) path.push_back(c == '1');
  return path;
}

// The exact values: all arrangements of the estimated path's runs, enumerated with itertools.permutations (1,036,800 of
// them; 20,448 and 32,112 reach the observed agreement).
TEST(RunPermutation, ComesCloseToTheExactValue) {
  const auto searched = Path("1110110010011000110010"), estimated = Path("1111010010001100110010");
  const struct {
    int first;
    double p;
  } cases[] = {{0, 20448.0 / 1036800}, {1, 32112.0 / 1036800}};
  for (const auto& [first, p] : cases) {
    const int draws = 40000;
    EXPECT_NEAR(RunPermutationP(searched, estimated, first, draws, 5), p,
                4.5 * std::sqrt(p * (1 - p) / draws) + 1.0 / draws)
        << first;
  }
}

TEST(RunPermutation, IsOneWhereEveryArrangementIsAsExtreme) {
  EXPECT_EQ(RunPermutationP(Path("110010011010011"), Path("101100110001011"), 0, 999, 1), 1);  // all 2,880 are
  EXPECT_EQ(RunPermutationP(Path("110010011010011"), Path("111111111111111"), 0, 999, 1), 1);
}

TEST(RunPermutation, LongRunsAreNoSurprise) {
  std::string text(40, '1');
  std::fill(text.begin() + 10, text.begin() + 30, '0');
  const auto path = Path(text);
  EXPECT_LT(ComparePaths(path, path).fisher_p, 1e-9);
  EXPECT_GT(RunPermutationP(path, path, 0, 999, 1),
            0.2);  // one run of skips between two of predictions: one arrangement in two
}

TEST(RunPermutation, SameSeedSameValueAndNeverZero) {
  const auto path = Path("10010110010100101101001011");
  const double p = RunPermutationP(path, path, 0, 199, 7);
  EXPECT_EQ(p, RunPermutationP(path, path, 0, 199, 7));
  EXPECT_GE(p, 1.0 / 200);
}

TEST(RunPermutation, RefusesWhatIsNoComparison) {
  EXPECT_ERROR(RunPermutationP(Path("101"), Path("10"), 0, 9, 1), "3 steps, the estimated one 2");
  EXPECT_ERROR(RunPermutationP(Path("101"), Path("101"), 0, 0, 1), "at least one permutation");
}

// numpy: (po - pe) / (1 - pe) with po = mean(s == e), pe = mean(s) mean(e) + (1 - mean(s)) (1 - mean(e)).
TEST(CohensKappa, IsNumpys) {
  const auto s = Path("1110110010011000110010"), e = Path("1111010010001100110010");
  EXPECT_NEAR(ComparePaths(s, e).kappa, 0.6363636363636365, 1e-14);
  EXPECT_NEAR(ComparePaths(s, e, 1).kappa, 0.6181818181818183, 1e-14);
  EXPECT_NEAR(ComparePaths(Path("110010011010011"), Path("101100110001011"), 2).kappa, -0.07058823529411756, 1e-14);
  EXPECT_EQ(ComparePaths(s, s).kappa, 1);
  EXPECT_TRUE(std::isnan(ComparePaths(Path("111"), Path("111")).kappa));
  EXPECT_NEAR(ComparePaths(Path("101"), Path("111")).kappa, 0, 1e-15);
}

}  // namespace
}  // namespace skipbench
