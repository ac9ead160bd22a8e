// Standard errors of what is computed from a whole set, a Frechet distance for one, by leaving out one block of samples
// at a time (Quenouille 1949, Tukey 1958; Efron and Tibshirani 1993, chapter 11). Resampling with replacement would not
// do: copies of samples lower the rank of a covariance and shift the distance.
//
//   two settings on the same samples: leave out the same blocks of both and jackknife the difference; what the samples
//   have in common cancels
//     without_a = FrechetWithoutBlock(blocks_a, reference), without_b = ...
//     Jackknife(a - b, without_a[k] - without_b[k] for every k)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/stats/frechet.h"

namespace skipbench {

struct JackknifeEstimate {
  double value = 0;           // of the whole set
  double bias_corrected = 0;  // K value - (K - 1) mean of the values without a block: first-order bias, of which a
                              // Frechet distance has much, removed
  double standard_error = 0;  // NaN with less than two blocks
  int64_t blocks = 0;
};

// From the value of the whole set and those without block k, k = 0..K-1; blocks of equal size (up to one sample).
// Throws Error for values that are not finite.
JackknifeEstimate Jackknife(double value, std::span<const double> without_block);

// Cuts n samples into at most `blocks` consecutive blocks as equal as can be: their begins, and n at the end.
std::vector<int64_t> BlockBounds(int64_t samples, int64_t blocks);

// Which of the blocks with these bounds each of `rows` rows is in; kNoBlock: in none, so that it is never left out.
constexpr int64_t kNoBlock = -1;
std::vector<int64_t> BlockOfRows(std::span<const int64_t> bounds, int64_t rows);

// The distances to `reference` without block k of a set given by its blocks' statistics (in that order).
std::vector<double> FrechetWithoutBlock(std::span<const FeatureStatistics> blocks, const Gaussian& reference);
// Both sets lose their block k: sets of the same samples, or of equally many.
std::vector<double> FrechetWithoutBlock(std::span<const FeatureStatistics> blocks_a,
                                        std::span<const FeatureStatistics> blocks_b);

// The distance of two sets of features with its jackknife over `blocks` blocks of samples. `paired`: row i of a and of
// b belong to the same sample, and both lose their block k; else `a` alone does, b being a fixed reference.
struct FrechetEstimate {
  FrechetResult whole;
  JackknifeEstimate jackknife;
};
FrechetEstimate EstimateFrechet(const FeatureView& a, const FeatureView& b, bool paired, int64_t blocks = 20);
// The distances only, for differences between settings.
std::vector<double> FrechetWithoutBlock(const FeatureView& a, const FeatureView& b, bool paired, int64_t blocks = 20);

}  // namespace skipbench
