// Quantiles by linear interpolation between order statistics (Hyndman and Fan's type 7, numpy's default).
#pragma once

#include <span>
#include <vector>

namespace skipbench {

// `q` in [0, 1]. Throws Error for no values, a NaN among them, or another q.
double Quantile(std::vector<double> values, double q);
// Several at once.
std::vector<double> Quantiles(std::vector<double> values, std::span<const double> q);
double Median(std::vector<double> values);

}  // namespace skipbench
