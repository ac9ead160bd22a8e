// Forecasts as published code computes them whose tensors have few bits: sums that are rounded one after the other, in
// the order of the source's operations.
#pragma once

#include <span>
#include <vector>

#include "harness/sampling/method.h"

namespace skipbench {

// How Taylor's sum is rounded beside the tensors' own type.
enum class TaylorRounding {
  kFactors,    // diffusers' hook: D_0, D_1, ... are kept in bfloat16, and weighted with k^j/j! at once
  kValueType,  // TaylorSeer's repository, cache-dit: all in the tensors' type, 1/j! and k^j one after the other
};

// sum_j D_j k^j/j! for `call`. `computed`: the calls that were computed, newest first, at least max_order + 1 of them
// where there are as many. `first_difference`: calls before it make no differences.
std::vector<RoundedSum> TaylorSums(std::span<const int> computed, int call, int max_order, int first_difference,
                                   TaylorRounding rounding);

// Spectrum's forecast: coefficients of its fit in bfloat16. `fit` [m + 1][computed]: what each coefficient is made of,
// newest first; `design`: the polynomials at the call; `k`: calls since the last computed one in units of the distance
// of the last two; `local_order`: of the local forecast, which has the share 1 - w.
std::vector<RoundedSum> SpectrumSums(const std::vector<std::vector<double>>& fit, std::span<const double> design,
                                     double w, double k, int local_order, bool bfloat16_scalars);

}  // namespace skipbench
