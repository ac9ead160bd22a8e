// What mag_cache and tea_cache need to have been measured beforehand.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/experiment/calibrate/output_change_fit.h"
#include "harness/experiment/calibrate/residual_ratios.h"

namespace skipbench {
namespace {

TEST(ResidualRatios, AreTheMeanOverTokensOfLengthsByLengthsBefore) {
  ResidualRatios ratios(3);
  // Two guidance rows of two tokens; (3, 4) is 5 long.
  const auto residual = [](double a, double b, double c, double d) {
    const at::Tensor unit = at::tensor({3.0, 4.0}, at::kDouble);
    return at::stack({unit * a, unit * b, unit * c, unit * d}).view({2, 1, 2, 2});
  };
  for (int trajectory = 0; trajectory < 2; ++trajectory) {
    ratios.Add(0, residual(1, 2, 4, 1));
    ratios.Add(1, residual(2, 2, 1, 1));                                       // 2 and 1; 1/4 and 1
    ratios.Add(2, trajectory ? residual(2, 1, 1, 1) : residual(4, 4, -1, 2));  // 1 and 1/2, 1 and 1; 2 and 2, 1 and 2
  }
  const auto means = ratios.Means();
  ASSERT_EQ(means.size(), 2u);
  const std::vector<std::vector<double>> expected = {{1, 1.5, (0.75 + 2) / 2}, {1, 0.625, (1 + 1.5) / 2}};
  for (size_t row = 0; row < 2; ++row)
    for (size_t call = 0; call < 3; ++call)
      EXPECT_NEAR(means[row][call], expected[row][call], 1e-6) << row << " " << call;
}

TEST(OutputChangeFit, FindsAPolynomialAgain) {
  const std::vector<double> quartic = {4.98651651e+02, -2.83781631e+02, 5.58554382e+01, -3.82021401, 0.264230861};
  std::vector<double> x, y;
  for (int k = 0; k < 40; ++k) {
    x.push_back(0.02 + 0.005 * k);
    double value = 0;
    for (const double coefficient : quartic) value = value * x.back() + coefficient;
    y.push_back(value);
  }
  const auto found = FitPolynomial(x, y, 4);
  ASSERT_EQ(found.size(), 5u);
  for (size_t k = 0; k < 5; ++k) EXPECT_NEAR(found[k], quartic[k], 1e-6 * std::abs(quartic[k])) << k;
  // A line through three points that are on none: numpy.polyfit([1, 2, 4], [1, 3, 4], 1).
  const auto line = FitPolynomial({1, 2, 4}, {1, 3, 4}, 1);
  EXPECT_NEAR(line[0], 13.0 / 14, 1e-12);
  EXPECT_NEAR(line[1], 0.5, 1e-12);
}

}  // namespace
}  // namespace skipbench
