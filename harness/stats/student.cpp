#include "harness/stats/student.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "harness/base/error.h"

namespace skipbench {

MeanInterval StudentBounds(int64_t n, double mean, double deviation, double alpha) {
  if (!(alpha > 0 && alpha <= 0.5)) Fail("bounds on a mean: expected an alpha in (0, 0.5], found {}", alpha);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (n < 2) return {n, mean, -kInfinity, kInfinity};
  if (deviation == 0) return {n, mean, mean, mean};
  const boost::math::students_t student(static_cast<double>(n - 1));
  const double t = boost::math::quantile(boost::math::complement(student, alpha));
  const double width = t * deviation / std::sqrt(static_cast<double>(n));
  return {n, mean, mean - width, mean + width};
}

}  // namespace skipbench
