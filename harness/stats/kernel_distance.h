// The kernel distance of two sets of features, KID where the features are Inception's (Binkowski et al. 2018, arXiv
// 1801.01401): the unbiased estimate of the squared maximum mean discrepancy with the kernel (x.y / d + 1)^3. Unlike a
// Frechet distance its expectation does not depend on the number of samples.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/stats/dense_solver.h"
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
  // The mean without each of the blocks of samples that were asked for: each subset without the rows that it has of the
  // block (subsets of which less than two rows would be left do not count). Empty: no blocks, or no subset left.
  std::vector<double> without_block = {};
};

// The blocks of a jackknife: `bounds` cuts the rows of a (jackknife.h: BlockBounds). `paired`: row i of both sets belongs
// to the same sample, and both lose the block; else b is fixed.
struct KernelBlocks {
  std::vector<int64_t> bounds = {};
  bool paired = false;
};

// Unbiased MMD^2 of all rows, in float64; at least two rows each. Time and memory grow with the product of the row
// counts: for large sets take KernelInceptionDistance. Throws Error for different dimensions.
double UnbiasedMmd2(const FeatureView& a, const FeatureView& b);

// Mean over random subsets. Throws Error for options out of range, sets smaller than a subset, and values that are not
// finite.
KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       const KernelDistanceOptions& options = {}, const KernelBlocks& blocks = {},
                                       const DenseSolver& solver = EigenSolver());

// Of given subsets: rows of a and of b, [subsets][subset_size]. Blocks cost next to nothing: what they leave out of a
// subset is taken off its sums.
KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       std::span<const std::vector<int64_t>> rows_a,
                                       std::span<const std::vector<int64_t>> rows_b, const KernelBlocks& blocks = {},
                                       const DenseSolver& solver = EigenSolver());

}  // namespace skipbench
