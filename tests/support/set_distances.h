// Distances of sets of features in forms that only tests want.
#pragma once

#include <numeric>
#include <span>
#include <vector>

#include "harness/stats/frechet.h"
#include "harness/stats/jackknife.h"
#include "harness/stats/kernel_distance.h"

namespace skipbench::testing {

// The distance of two sets with its jackknife over `blocks` blocks of samples.
struct FrechetEstimate {
  FrechetResult whole;
  JackknifeEstimate jackknife;
};
inline FrechetEstimate EstimateFrechet(const FeatureView& a, const FeatureView& b, bool paired, int64_t blocks = 20) {
  const FrechetResult whole = FrechetDistance(a, b);
  return {whole, Jackknife(whole.distance, FrechetWithoutBlock(a, b, paired, blocks))};
}

// Unbiased MMD^2 of all rows.
inline double UnbiasedMmd2(const FeatureView& a, const FeatureView& b, bool paired = false) {
  std::vector<int64_t> rows_a(static_cast<size_t>(a.rows())), rows_b(static_cast<size_t>(b.rows()));
  std::iota(rows_a.begin(), rows_a.end(), int64_t{0});
  std::iota(rows_b.begin(), rows_b.end(), int64_t{0});
  return KernelInceptionDistance(a, b, std::span(&rows_a, 1), std::span(&rows_b, 1), {{}, paired}).mean;
}

}  // namespace skipbench::testing
