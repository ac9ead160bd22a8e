#include "harness/stats/time_ratio.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "harness/base/error.h"
#include "harness/stats/moments.h"
#include "harness/stats/quantile.h"

namespace skipbench {
namespace {

RunningMoments LogMoments(std::span<const double> times) {
  RunningMoments moments;
  for (const double time : times) {
    if (!std::isfinite(time) || time <= 0) Fail("comparison of times: {} is no time", time);
    moments.Add(std::log(time));
  }
  return moments;
}

double MedianOf(std::span<const double> times) { return Median({times.begin(), times.end()}); }

}  // namespace

TimeRatio CompareTimes(std::span<const double> before, std::span<const double> after, double level) {
  if (before.empty() || after.empty()) Fail("comparison of times: {} times against {}", after.size(), before.size());
  if (!(level > 0 && level < 1)) Fail("comparison of times: expected a level in (0, 1), found {}", level);
  const RunningMoments a = LogMoments(before), b = LogMoments(after);
  TimeRatio result;
  result.ratio = MedianOf(after) / MedianOf(before);
  result.low = result.high = std::numeric_limits<double>::quiet_NaN();
  if (a.count() < 2 || b.count() < 2) return result;
  const double na = static_cast<double>(a.count()), nb = static_cast<double>(b.count());
  const double ea = a.variance() / na, eb = b.variance() / nb, difference = b.mean() - a.mean();
  if (ea + eb == 0) {
    result.low = result.high = std::exp(difference);
    return result;
  }
  const double freedom = (ea + eb) * (ea + eb) / (ea * ea / (na - 1) + eb * eb / (nb - 1));
  const double t = boost::math::quantile(boost::math::students_t(freedom), (1 + level) / 2);
  result.low = std::exp(difference - t * std::sqrt(ea + eb));
  result.high = std::exp(difference + t * std::sqrt(ea + eb));
  return result;
}

}  // namespace skipbench
