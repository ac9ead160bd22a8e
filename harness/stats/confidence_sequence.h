// Confidence sequences: bounds on a mean that hold at all sample sizes together. Whoever looks at them after every
// sample, and stops when the answer is there, errs no more often than the level says; of ordinary intervals that holds
// for one look that was chosen beforehand.
//
// Asymptotic: as normal intervals are, they are right for means of many values. The mixture is that of the asymptotic
// confidence sequences of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and
// asymptotic confidence sequences" (2021; Annals of Statistics 2024), with the mixing taken over the size of the mean
// in standard deviations, normal with variance kEffectVariance and of one sign, and the deviation unknown: the
// sequential t-test (Lai, "On confidence sequences", 1976; Wang and Ramdas, "Anytime-valid t-tests and confidence
// sequences for Gaussian means with unknown variance", 2023). For normal values it is exact at every size, and for many
// values it is the normal mixture.
#pragma once

#include <cstdint>
#include <span>

#include "harness/stats/bootstrap.h"

namespace skipbench {

// Of the effect sizes that the mixture expects: bounds are narrowest where mean over deviation is about its root.
inline constexpr double kEffectVariance = 0.5;

// The t statistic of n values that a sequence of one-sided level 1 - alpha needs: with probability 1 - alpha no t_n of
// values with a mean of 0 or less ever reaches it, at any n. Infinite where n values cannot say so much. `alpha` in (0,
// 0.5], n >= 2.
double SequenceQuantile(int64_t n, double alpha);

// The mean of the values with its bounds, each of which is wrong at some size with probability `alpha`. Where all
// values are equal there is nothing to estimate: both bounds are the mean. Infinite bounds with fewer than two values.
// Throws Error for a value that is not finite.
MeanInterval SequenceBounds(std::span<const double> values, double alpha);
// The same of numbers that are known: a mean and the standard deviation of n values.
MeanInterval SequenceBounds(int64_t n, double mean, double deviation, double alpha);

// The probability that the lower bound of `last` values is above `limit`, if the mean and the deviation are what
// `now`.mean and `deviation` say after now.count values, and the values are normal.
double ChanceAbove(double limit, const MeanInterval& now, double deviation, int64_t last, double alpha);

}  // namespace skipbench
