// The kernel distance of two sets of features, KID where the features are Inception's (Binkowski et al. 2018, arXiv
// 1801.01401): the unbiased estimate of the squared maximum mean discrepancy with the kernel (x.y / d + 1)^3. Unlike a
// Frechet distance its expectation does not depend on the number of samples.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/stats/feature_statistics.h"

namespace skipbench {

struct KernelDistanceOptions {
  int64_t subsets = 100;       // [1, 100'000]
  int64_t subset_size = 1000;  // at least 2; Throws when a set is smaller
  uint64_t seed = 2020;        // which rows a subset takes (without replacement) follows from it alone
};

struct KernelDistance {
  double mean = 0;    // over the subsets; may be slightly negative
  double stddev = 0;  // of the subsets' values (population), as is usually reported; not a standard error
  int64_t subsets = 0;
  int64_t subset_size = 0;
};

// Unbiased MMD^2 of all rows, in float64; at least two rows each. Time and memory grow with the product of the row
// counts: for large sets take KernelInceptionDistance. Throws Error for different dimensions.
double UnbiasedMmd2(const FeatureView& a, const FeatureView& b);

// Mean over random subsets. Throws Error for options out of range, sets smaller than a subset, and values that are not
// finite.
KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       const KernelDistanceOptions& options = {});

// Of given subsets: rows of a and of b, [subsets][subset_size].
KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       std::span<const std::vector<int64_t>> rows_a,
                                       std::span<const std::vector<int64_t>> rows_b);

}  // namespace skipbench
