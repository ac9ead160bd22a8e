#include "harness/stats/quantile.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"

namespace skipbench {

std::vector<double> Quantiles(std::vector<double> values, std::span<const double> q) {
  if (values.empty()) Fail("quantile: there are no values");
  if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }))
    Fail("quantile: a value is not a number");
  std::sort(values.begin(), values.end());
  std::vector<double> result;
  for (double one : q) {
    if (!(one >= 0 && one <= 1)) Fail("quantile: expected a share in [0, 1], found {}", one);
    const double place = one * static_cast<double>(values.size() - 1);
    const auto low = static_cast<size_t>(place);
    const size_t high = std::min(low + 1, values.size() - 1);
    const double weight = place - static_cast<double>(low);
    // Equal neighbours (infinities, too) are their own mean.
    result.push_back(values[low] == values[high] ? values[low] : values[low] + weight * (values[high] - values[low]));
  }
  return result;
}

double Quantile(std::vector<double> values, double q) { return Quantiles(std::move(values), std::span(&q, 1))[0]; }
double Median(std::vector<double> values) { return Quantile(std::move(values), 0.5); }

}  // namespace skipbench
