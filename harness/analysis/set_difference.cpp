#include "harness/analysis/set_difference.h"

#include <boost/math/distributions/normal.hpp>
#include <limits>

#include "harness/stats/jackknife.h"

namespace skipbench {

SetDifference DifferenceOf(const MeasuredValue& a, const MeasuredValue& b, double level) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  SetDifference result{*a.value - *b.value, kNan, kNan, kNan, a.count};
  if (a.without_block.size() < 2 || a.without_block.size() != b.without_block.size() || a.count != b.count)
    return result;
  std::vector<double> without;
  for (size_t k = 0; k < a.without_block.size(); ++k) without.push_back(a.without_block[k] - b.without_block[k]);
  result.standard_error = Jackknife(result.difference, without).standard_error;
  const double width = boost::math::quantile(boost::math::normal(), (1 + level) / 2) * result.standard_error;
  result.low = result.difference - width;
  result.high = result.difference + width;
  return result;
}

}  // namespace skipbench
