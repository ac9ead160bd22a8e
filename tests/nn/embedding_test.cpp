// The sinusoidal embedding of a timestep: the same bits on every CPU.
#include "harness/nn/layers/embedding.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/bits.h"

namespace skipbench {
namespace {

TEST(Timesteps, IsTheFormula) {
  const at::Tensor t = at::tensor({0.0, 1.0, 17.25, 999.0}, at::kFloat);
  for (const auto& [dim, flip, shift] : {std::tuple(8, true, 0.0), std::tuple(7, false, 1.0)}) {
    const at::Tensor out = Timesteps{dim, flip, shift}.Forward(t);
    ASSERT_EQ(out.sizes(), (std::vector<int64_t>{4, dim}));
    const int half = dim / 2;
    for (int n = 0; n < 4; ++n) {
      for (int k = 0; k < half; ++k) {
        const double angle = t[n].item<double>() * std::exp(-std::log(10000.0) * k / (half - shift));
        // The exponent (below 9.3), the frequency and the angle are rounded to float32.
        const double allowed = 12 * angle * 0x1p-24 + 0x1p-24;
        EXPECT_NEAR(out[n][k + (flip ? half : 0)].item<double>(), std::sin(angle), allowed);
        EXPECT_NEAR(out[n][k + (flip ? 0 : half)].item<double>(), std::cos(angle), allowed);
      }
      if (dim % 2 == 1) {
        EXPECT_EQ(out[n][dim - 1].item<double>(), 0);
      }
    }
  }
}

TEST(Timesteps, HasTheseBits) {
  const at::Tensor t = at::arange(0, 1000, 7, at::kFloat) + 0.25;
  EXPECT_EQ(testing::BitsOf(Timesteps{.dim = 320}.Forward(t)),
            "f634dca79f0182b97c017695a57e4f5aa73f4696c182d697b4bd39e0cac0e0a8");
  EXPECT_EQ(testing::BitsOf(Timesteps{128, false, 1}.Forward(t)),
            "7d58bd629f0e83fbbb1f2898f96d8c3191664118fe531bbfc41bef3a5078c1ec");
}

}  // namespace
}  // namespace skipbench
