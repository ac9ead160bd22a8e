// Precision and recall of a set of generated pictures by k-nearest-neighbour balls in feature space (Kynkaanniemi et
// al. 2019, arXiv 1904.06991).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/stats/feature_statistics.h"

namespace skipbench {

struct PrecisionRecall {
  double precision = 0;  // share of generated samples within the ball of any real one
  double recall = 0;     // share of real samples within the ball of any generated one
};

// A sample's ball reaches to its k-th nearest other sample of its own set. All pairs are looked at: time grows with the
// square of the number of samples (10,000 of each and 2048 features: minutes), memory does not. Throws Error for k < 1,
// sets of at most k samples, different dimensions and values that are not finite.
PrecisionRecall ComputePrecisionRecall(const FeatureView& generated, const FeatureView& real, int64_t k = 3);

// With what both are without each of the blocks of samples that `bounds` cuts `generated` into (jackknife.h:
// BlockBounds); all of it in about the time of one. `paired`: row i of both sets belongs to the same sample, and both
// lose the block; else `real` is fixed. `without_block` is empty where that would leave a set with at most k samples.
struct PrecisionRecallBlocks {
  PrecisionRecall whole;
  std::vector<PrecisionRecall> without_block;
};
PrecisionRecallBlocks ComputePrecisionRecall(const FeatureView& generated, const FeatureView& real, bool paired,
                                             std::span<const int64_t> bounds, int64_t k = 3);

}  // namespace skipbench
