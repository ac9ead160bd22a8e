// Rank correlation of two variables.
#pragma once

#include <span>

namespace skipbench {

// Spearman's rho: Pearson's correlation of the ranks, equal values sharing the mean of theirs. In [-1, 1]; NaN when one
// of the variables is constant or there are less than two pairs. Throws Error for different lengths and for a NaN.
double RankCorrelation(std::span<const double> a, std::span<const double> b);

}  // namespace skipbench
