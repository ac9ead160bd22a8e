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

// `paired`: row i of both sets belongs to the same sample (the same noise, or one picture and what was made of it), so
// that k(x_i, y_i) is no estimate of what independent samples have in common. The estimate is then the U-statistic over
// pairs (Gretton et al. 2012, JMLR 13, lemma 6 and equation 4),
//
//   1/(n (n - 1)) sum over i != j of k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(x_j, y_i)
//
// which is unbiased whatever the two of a pair have in common, and 0 for equal sets; that of independent sets differs
// by taking k(x_i, y_i) into the last mean. `bounds` cuts the rows of a into the blocks of a jackknife (jackknife.h:
// BlockBounds); both sets lose a block if they are paired, else b is fixed.
struct KernelBlocks {
  std::vector<int64_t> bounds = {};
  bool paired = false;
};

// Mean over random subsets; of paired sets a subset takes the same rows of both. Throws Error for options out of range,
// sets smaller than a subset, and values that are not finite.
KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       const KernelDistanceOptions& options = {}, const KernelBlocks& blocks = {});

// Of given subsets: rows of a and of b, [subsets][subset_size]. Time and memory grow with the square of a subset's
// size; blocks cost next to nothing: what they leave out of a subset is taken off its sums.
KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       std::span<const std::vector<int64_t>> rows_a,
                                       std::span<const std::vector<int64_t>> rows_b, const KernelBlocks& blocks = {});

}  // namespace skipbench
