#include "harness/stats/gamma.h"

#include <cmath>
#include <numbers>

namespace skipbench {
namespace {

// log of x^a exp(-x) / Gamma(a)
double LogFront(double a, double x) { return a * std::log(x) - x - std::lgamma(a); }

// P(a, x) / (x^a exp(-x) / Gamma(a)) by its series (DLMF 8.7.1); for x < a + 1.
double Series(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (double n = a + 1; term > 1e-17 * sum; ++n) sum += term *= x / n;
  return sum;
}

// Q(a, x) / (x^a exp(-x) / Gamma(a)) by its continued fraction (DLMF 8.9.2), Lentz's method; for x >= a + 1.
double ContinuedFraction(double a, double x) {
  double b = x + 1 - a;
  double c = 1e300;
  double d = 1 / b;
  double value = d;
  for (int i = 1; i < 10000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    value *= c * d;
    if (std::fabs(c * d - 1) < 1e-16) break;
  }
  return value;
}

// Natural logarithm of Q(a, x).
double LogQ(double a, double x) {
  if (x <= 0) return 0;
  if (x < a + 1) return std::log1p(-std::exp(LogFront(a, x)) * Series(a, x));
  return LogFront(a, x) + std::log(ContinuedFraction(a, x));
}

}  // namespace

double ChiSquareTail(double x, double dof) { return std::exp(LogQ(dof / 2, x / 2)); }
double ChiSquareTailLog10(double x, double dof) { return LogQ(dof / 2, x / 2) / std::numbers::ln10; }

}  // namespace skipbench
