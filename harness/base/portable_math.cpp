#include "harness/base/portable_math.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace skipbench::portable {
namespace {

// For tables: x87's 64-bit significand, and its basic operations only: they are IEEE 754's on every x86-64 CPU, no
// compiler fuses or vectorises them, and 11 spare bits take up the rounding of a dozen operations.
using Wide = long double;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Wide kPi = 3.14159265358979323846264338327950288L;
constexpr Wide kLn2 = 0.693147180559945309417232121458176568L;
// ln 2 and pi/2 in parts: a part but the last is so short that its products with the whole numbers of a reduction are
// exact.
constexpr Wide kLn2Parts[] = {0x1.62e42fefap-1L, 0x1.cf79abc9e3b39804p-40L};
constexpr Wide kHalfPiParts[] = {0x1.921fb544p+0L, 0x1.0b4611a4p-34L, 0x1.13198a2e03707344p-65L};

// Terms of the series: their rests are below the last bit of the type.
template <typename Real>
constexpr int kLogTerms = sizeof(Real) > 8 ? 15 : 11;
template <typename Real>
constexpr int kSineTerms = sizeof(Real) > 8 ? 11 : 9;

template <typename Real>
constexpr auto kOdd = [] {
  std::array<Real, 15> c{};
  for (int k = 0; k < 15; ++k) c[k] = static_cast<Real>(1.0L / (2 * k + 1));
  return c;
}();

template <typename Real>
constexpr auto kFactorial = [] {
  std::array<Real, 23> c{};
  Wide factorial = 1;
  for (int k = 0; k < 23; ++k) {
    c[k] = static_cast<Real>(1 / factorial);
    factorial *= k + 1;
  }
  return c;
}();

Wide WideExp(Wide x) {
  const Wide k = std::nearbyint(x / kLn2);
  const Wide r = (x - k * kLn2Parts[0]) - k * kLn2Parts[1];  // |r| <= ln(2) / 2
  Wide sum = kFactorial<Wide>[18];
  for (int i = 17; i >= 0; --i) sum = sum * r + kFactorial<Wide>[i];
  return std::ldexp(sum, static_cast<int>(k));
}

// ln x = e ln 2 + 2 artanh s, s = (m - 1)/(m + 1), x = m 2^e with m in [sqrt(1/2), sqrt(2)).
template <typename Real>
Real LogOf(Real x) {
  int exponent = 0;
  Real m = std::frexp(x, &exponent);
  if (m < static_cast<Real>(0.70710678118654752440L)) {
    m *= 2;
    --exponent;
  }
  const Real s = (m - 1) / (m + 1);
  const Real z = s * s;
  Real sum = kOdd<Real>[kLogTerms<Real> - 1];
  for (int i = kLogTerms<Real> - 2; i >= 0; --i) sum = sum * z + kOdd<Real>[i];
  return exponent * static_cast<Real>(kLn2Parts[0]) + (2 * s * sum + exponent * static_cast<Real>(kLn2Parts[1]));
}

template <typename Real>
struct SinCosOf {
  Real sin, cos;

  explicit SinCosOf(Real x) {
    const Real quarter = std::nearbyint(x * static_cast<Real>(2 / kPi));
    Real r = x;  // |r| <= pi / 4
    for (Wide part : kHalfPiParts) r -= quarter * static_cast<Real>(part);
    const Real z = -r * r;
    Real s = kFactorial<Real>[2 * kSineTerms<Real> - 1];
    Real c = kFactorial<Real>[2 * kSineTerms<Real>];
    for (int i = 2 * kSineTerms<Real> - 3; i >= 1; i -= 2) {
      s = s * z + kFactorial<Real>[i];
      c = c * z + kFactorial<Real>[i + 1];
    }
    c = c * z + 1;
    s *= r;
    const auto quadrant = static_cast<int64_t>(quarter) & 3;
    sin = quadrant == 0 ? s : quadrant == 1 ? c : quadrant == 2 ? -s : -c;
    cos = quadrant == 0 ? c : quadrant == 1 ? -s : quadrant == 2 ? -c : s;
  }
};

// The angle of (x, y) by halving it three times.
Wide Angle(Wide x, Wide y) {
  const Wide ax = std::fabs(x), ay = std::fabs(y);
  Wide t = ax >= ay ? ay / ax : ax / ay;
  for (int i = 0; i < 3; ++i) t /= 1 + std::sqrt(1 + t * t);
  const Wide z = -t * t;
  Wide sum = kOdd<Wide>[14];
  for (int i = 13; i >= 0; --i) sum = sum * z + kOdd<Wide>[i];
  Wide angle = 8 * t * sum;
  if (ax < ay) angle = kPi / 2 - angle;
  if (x < 0) angle = kPi - angle;
  return y < 0 ? -angle : angle;
}

}  // namespace

double Exp(double x) {
  if (std::isnan(x)) return x;
  if (x > 710) return kInfinity;
  if (x < -746) return 0;
  return static_cast<double>(WideExp(x));
}

double Log(double x) {
  if (std::isnan(x) || x < 0) return kNan;
  if (x == 0) return -kInfinity;
  return std::isinf(x) ? x : static_cast<double>(LogOf<Wide>(x));
}

double Pow(double x, double y) {
  if (std::isnan(x) || std::isnan(y) || x < 0) return kNan;
  if (y == 0 || x == 1) return 1;
  if (x == 0 || std::isinf(x)) return (x == 0) == (y > 0) ? 0 : kInfinity;
  const Wide exponent = y * LogOf<Wide>(x);
  if (exponent > 710) return kInfinity;
  return exponent < -746 ? 0 : static_cast<double>(WideExp(exponent));
}

std::complex<double> Pow(const std::complex<double>& x, double y) {
  const Wide re = x.real(), im = x.imag();
  if (re == 0 && im == 0) return 0;
  const Wide radius = WideExp(y * LogOf<Wide>(re * re + im * im) / 2);
  const SinCosOf<Wide> angle(y * Angle(re, im));
  return {static_cast<double>(radius * angle.cos), static_cast<double>(radius * angle.sin)};
}

SinCosValues SinCos(double x) {
  if (!(std::fabs(x) < 0x1p30)) return {kNan, kNan};
  const SinCosOf<Wide> values(x);
  return {static_cast<double>(values.sin), static_cast<double>(values.cos)};
}

NormalPair BoxMuller(double u0, double u1) {
  const double radius = std::sqrt(-2 * LogOf<double>(u0));
  const SinCosOf<double> angle(static_cast<double>(2 * kPi) * u1);
  return {static_cast<float>(radius * angle.cos), static_cast<float>(radius * angle.sin)};
}

}  // namespace skipbench::portable
