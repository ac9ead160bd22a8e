// Confidence intervals for means by the percentile bootstrap (Efron 1979; Efron and Tibshirani 1993, chapter 13): the
// values are drawn again with replacement, as many as there are, `resamples` times; the interval holds the middle
// `level` of the means. The values must be independent: samples, not steps. Of few values (below 20, say) that are
// skewed the intervals are somewhat too narrow.
#pragma once

#include <cstdint>
#include <span>

namespace skipbench {

struct BootstrapOptions {
  double level = 0.95;   // in (0, 1)
  int resamples = 4000;  // in [100, 1'000'000]; with 4000 the ends wobble by some 2 % of the interval's width
  uint64_t seed = 0;     // the same seed, the same interval, on every machine
};

struct MeanInterval {
  int64_t count = 0;
  double mean = 0;           // of the values themselves; NaN without values
  double low = 0, high = 0;  // NaN with less than two values: they say nothing about their spread
};

// Throws Error for a value that is not finite (an infinite PSNR is to be counted apart) and for options out of range.
MeanInterval BootstrapMean(std::span<const double> values, const BootstrapOptions& options = {});

// a_i - b_i for the same samples under two settings: far narrower than the difference of two intervals, because what
// one sample has in common with itself cancels.
struct PairedDifference {
  MeanInterval difference;  // mean of a - b
  int64_t above = 0;        // samples with a > b
  int64_t below = 0;        // samples with a < b
};
// Throws Error unless a and b have the same length.
PairedDifference ComparePairs(std::span<const double> a, std::span<const double> b,
                              const BootstrapOptions& options = {});

}  // namespace skipbench
