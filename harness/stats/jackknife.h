// Standard errors of what is computed from a whole set, a Frechet distance for one, by leaving out one block of samples
// at a time (Quenouille 1949, Tukey 1958; Efron and Tibshirani 1993, chapter 11). Resampling with replacement would not
// do: copies of samples lower the rank of a covariance and shift the distance.
// Of two settings on the same samples the difference is jackknifed, without the same blocks of both: what the samples
// have in common cancels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/stats/frechet.h"

namespace skipbench {

struct JackknifeEstimate {
  double value = 0;           // of the whole set
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
// The distances of a to b without block k of `blocks` blocks of samples. `paired`: row i of a and of b belong to the
// same sample, and both lose their block; else `a` alone does, b being a fixed reference.
std::vector<double> FrechetWithoutBlock(const FeatureView& a, const FeatureView& b, bool paired, int64_t blocks = 20);

}  // namespace skipbench
