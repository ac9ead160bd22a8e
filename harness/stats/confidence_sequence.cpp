#include "harness/stats/confidence_sequence.h"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "harness/base/error.h"
#include "harness/stats/moments.h"

namespace skipbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The logarithm of the e-process at t >= 0: the mixture's likelihood over that of a mean of 0, of the scale-invariant
// statistic. With mu | sigma ~ N(0, g sigma^2) and 1/sigma as prior the posterior of mu is Student's t with n degrees
// of freedom; half of the prior is on the positive side, so its share counts twice.
double LogEvidence(double n, double t) {
  const double g = kEffectVariance, nu = n - 1, t2 = t * t;
  const double both = -0.5 * std::log1p(n * g) + n / 2 * (std::log1p(t2 / nu) - std::log1p(t2 / (nu * (1 + n * g))));
  const double precision = n + 1 / g;
  const double location = std::sqrt(n) * t / precision, scatter = nu + t2 - n * t2 / precision;
  const double scale = std::sqrt(scatter / n / precision);
  const double positive = boost::math::cdf(boost::math::students_t(n), location / scale);
  return std::log(2.0) + both + std::log(positive);
}

double FindQuantile(int64_t count, double alpha) {
  const double n = static_cast<double>(count), wanted = -std::log(alpha);
  double low = 0, high = 4;
  while (LogEvidence(n, high) < wanted) {
    low = high;
    high *= 2;
    if (high > 1e6) return kInfinity;
  }
  for (int k = 0; k < 60 && high - low > 1e-12 * high; ++k) {
    const double middle = (low + high) / 2;
    (LogEvidence(n, middle) < wanted ? low : high) = middle;
  }
  return high;
}

double UpperNormal(double z) { return boost::math::cdf(boost::math::complement(boost::math::normal(), z)); }

}  // namespace

double SequenceQuantile(int64_t n, double alpha) {
  if (n < 2) Fail("confidence sequence: expected at least 2 values, found {}", n);
  if (!(alpha > 0 && alpha <= 0.5)) Fail("confidence sequence: expected an alpha in (0, 0.5], found {}", alpha);
  static std::mutex mutex;
  static std::map<std::pair<int64_t, double>, double> known;
  const std::lock_guard lock(mutex);
  const auto [found, fresh] = known.try_emplace({n, alpha}, 0);
  if (fresh) found->second = FindQuantile(n, alpha);
  return found->second;
}

MeanInterval SequenceBounds(int64_t n, double mean, double deviation, double alpha) {
  if (n < 2) return {n, mean, -kInfinity, kInfinity};
  if (deviation == 0) return {n, mean, mean, mean};
  const double width = SequenceQuantile(n, alpha) * deviation / std::sqrt(static_cast<double>(n));
  return {n, mean, mean - width, mean + width};
}

MeanInterval SequenceBounds(std::span<const double> values, double alpha) {
  RunningMoments moments;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) Fail("confidence sequence: value {} is not finite: {}", i, values[i]);
    moments.Add(values[i]);
  }
  return SequenceBounds(moments.count(), moments.mean(), moments.count() > 1 ? moments.stddev() : 0, alpha);
}

double ChanceAbove(double limit, const MeanInterval& now, double deviation, int64_t last, double alpha) {
  if (deviation == 0) return now.mean > limit ? 1 : 0;
  const double n = static_cast<double>(now.count), end = static_cast<double>(last);
  const double lower = now.mean - SequenceQuantile(last, alpha) * deviation / std::sqrt(end);
  if (now.count >= last) return lower > limit ? 1 : 0;
  return UpperNormal((limit - lower) / (deviation * std::sqrt(1 / n - 1 / end)));
}

}  // namespace skipbench
