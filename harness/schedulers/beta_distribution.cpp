#include "harness/schedulers/beta_distribution.h"

#include <cmath>
#include <limits>

#include "harness/base/portable_math.h"

namespace skipbench {
namespace {

// The continued fraction of I_x (DLMF 8.17.22) by Lentz's method; converges fast for x < (a + 1)/(a + b + 2).
double ContinuedFraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  auto nonzero = [](double v) { return std::fabs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / nonzero(1 - (a + b) * x / (a + 1));
  double value = d;
  for (int m = 1; m < 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    value *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    value *= c * d;
    if (std::fabs(c * d - 1) < 1e-16) break;
  }
  return value;
}

}  // namespace

double BetaCdf(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  using portable::Log, portable::LogGamma;
  const double front =
      portable::Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Log(x) + b * Log(1 - x));
  if (x < (a + 1) / (a + b + 2)) return front * ContinuedFraction(x, a, b) / a;
  return 1 - front * ContinuedFraction(1 - x, b, a) / b;
}

double BetaQuantile(double p, double a, double b) {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  double low = 0;
  double high = 1;
  // Bisection to the last bit: monotone, and called a few dozen times when a run is set up.
  while (true) {
    const double middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) return middle;
    (BetaCdf(middle, a, b) < p ? low : high) = middle;
  }
}

}  // namespace skipbench
