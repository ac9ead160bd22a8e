// Expected values: mpmath with 400 bits, rounded to the nearest float64.
#include "harness/base/portable_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace skipbench {
namespace {

using portable::SinCos;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(PortableMath, Log) {
  EXPECT_EQ(portable::Log(0x0.0000000000001p-1022), -0x1.74385446d71c3p+9);
  EXPECT_EQ(portable::Log(0x1.56e1fc2f8f359p-997), -0x1.5963447f87fb5p+9);
  EXPECT_EQ(portable::Log(0x1.999999999999ap-4), -0x1.26bb1bbb55515p+1);
  EXPECT_EQ(portable::Log(0x1.6a09e667f3bccp-1), -0x1.62e42fefa39f1p-2);
  EXPECT_EQ(portable::Log(0x1.fffffffffffffp-1), -0x1p-53);
  EXPECT_EQ(portable::Log(0x1.0000000000001p+0), 0x1.fffffffffffffp-53);
  EXPECT_EQ(portable::Log(1.5), 0x1.9f323ecbf984cp-2);
  EXPECT_EQ(portable::Log(0x1.1ccf385ebc8a0p+1023), 0x1.62991d5d62a5ep+9);
  EXPECT_EQ(portable::Log(1.0), 0);
  EXPECT_EQ(portable::Log(0.0), -kInfinity);
  EXPECT_EQ(portable::Log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(portable::Log(-1.0)));
}

TEST(PortableMath, Exp) {
  EXPECT_EQ(portable::Exp(-745.0), 0x0.0000000000001p-1022);
  EXPECT_EQ(portable::Exp(-700.5), 0x1.4ff475c68ca02p-1011);
  EXPECT_EQ(portable::Exp(-1.5), 0x1.c8f87724b5c1dp-3);
  EXPECT_EQ(portable::Exp(0x1.b7cdfd9d7bdbbp-34), 0x1.000000006df38p+0);
  EXPECT_EQ(portable::Exp(0x1.3333333333333p-2), 0x1.599058c8c1a96p+0);
  EXPECT_EQ(portable::Exp(1.0), 0x1.5bf0a8b145769p+1);
  EXPECT_EQ(portable::Exp(10.25), 0x1.b9ea2aed2a0f1p+14);
  EXPECT_EQ(portable::Exp(709.5), 0x1.81e9b4b52d0c9p+1023);
  EXPECT_EQ(portable::Exp(0.0), 1);
  EXPECT_EQ(portable::Exp(800.0), kInfinity);
  EXPECT_EQ(portable::Exp(-kInfinity), 0);
  EXPECT_TRUE(std::isnan(portable::Exp(std::nan(""))));
}

TEST(PortableMath, Pow) {
  EXPECT_EQ(portable::Pow(0.5, 0x1.2492492492492p-3), 0x1.cfbb031a741a5p-1);
  EXPECT_EQ(portable::Pow(0x1.d3aacd9e83e42p+3, 0x1.2492492492492p-3), 0x1.77863b8cf19a9p+0);
  EXPECT_EQ(portable::Pow(0x1.77ced916872b0p+0, 7), 0x1.d625456e549cbp+3);
  EXPECT_EQ(portable::Pow(50.0, 0x1.6db6db6db6db7p-1), 0x1.059e9298506bcp+4);
  EXPECT_EQ(portable::Pow(0x1.56e1fc2f8f359p-997, 0.5), 0x1.a2fe76a3f9475p-499);
  EXPECT_EQ(portable::Pow(0.0, 2.5), 0);
  EXPECT_EQ(portable::Pow(0.0, 0), 1);
  EXPECT_EQ(portable::Pow(0.0, -1), kInfinity);
  EXPECT_EQ(portable::Pow(kInfinity, -1), 0);
  EXPECT_EQ(portable::Pow(10.0, 400), kInfinity);
  EXPECT_EQ(portable::Pow(10.0, -400), 0);
  EXPECT_TRUE(std::isnan(portable::Pow(-1.0, 2)));
}

TEST(PortableMath, PowOfComplexNumbers) {
  using Complex = std::complex<double>;
  EXPECT_EQ(portable::Pow(Complex(-15), 0x1.6db6db6db6db7p-1), Complex(-0x1.141aeb5c884cfp+2, 0x1.5a3993d3ff8d6p+2));
  EXPECT_EQ(portable::Pow(Complex(3.5, -2), 0x1.6666666666666p+0),
            Complex(0x1.50b92c017019cp+2, -0x1.2b684cb8b16b9p+2));
  EXPECT_EQ(portable::Pow(Complex(-0.25, 7), 0x1.6147ae147ae14p+0),
            Complex(-0x1.1ac941f6fcc88p+3, 0x1.76f6132b120c3p+3));
  EXPECT_EQ(portable::Pow(Complex(0), 1.5), Complex(0));
}

TEST(PortableMath, SinCos) {
  const auto expect = [](double x, double sin, double cos) {
    const auto values = SinCos(x);
    EXPECT_EQ(values.sin, sin) << x;
    EXPECT_EQ(values.cos, cos) << x;
  };
  expect(0, 0, 1);
  expect(0x1.12e0be826d695p-30, 0x1.12e0be826d695p-30, 1);
  expect(0.5, 0x1.eaee8744b05f0p-2, 0x1.c1528065b7d50p-1);
  expect(0x1.921fb54442d18p+0, 1, 0x1.1a62633145c07p-54);
  expect(0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53, -1);
  expect(6, -0x1.1e1f18ab0a2c0p-2, 0x1.eb9b7097822f5p-1);
  expect(-2.5, -0x1.326af0dcfcab1p-1, -0x1.9a2f7ef858b7dp-1);
  expect(999, -0x1.b18870e886e35p-6, 0x1.ffd21b0401f9ap-1);
  expect(0x1.e240c9fbe76c9p+16, -0x1.ff50e60ab53f9p-1, 0x1.a74d27c41b22ap-5);
  expect(1073741823, -0x1.fdb6a55d0ac16p-1, -0x1.82ac4b53cde6bp-4);
  EXPECT_TRUE(std::isnan(SinCos(0x1p30).sin));
  EXPECT_TRUE(std::isnan(SinCos(kInfinity).cos));
}

// Of every kind of argument: no further from the C library's value than that is from the true one (1 ulp each).
TEST(PortableMath, IsWithinAnUlpOfTheCLibrary) {
  const auto near = [](double value, double expected, double x) {
    EXPECT_LE(std::fabs(value - expected), 1.5 * std::fabs(std::nextafter(expected, kInfinity) - expected)) << x;
  };
  for (int i = 1; i < 20'000; ++i) {
    const double x = i * 0.0371;
    near(portable::Log(x), std::log(x), x);
    near(portable::Exp(x - 370), std::exp(x - 370), x);
    near(portable::Pow(x, 0.37), std::pow(x, 0.37), x);
    near(SinCos(x).sin, std::sin(x), x);
    near(SinCos(-x).cos, std::cos(x), x);
  }
}

}  // namespace
}  // namespace skipbench
