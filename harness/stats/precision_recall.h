// Precision and recall of a set of generated pictures by k-nearest-neighbour balls in feature space (Kynkaanniemi et
// al. 2019, arXiv 1904.06991).
#pragma once

#include <cstdint>
#include <vector>

#include "harness/stats/feature_statistics.h"

namespace skipbench {

struct PrecisionRecall {
  double precision = 0;  // share of generated samples within the ball of any real one
  double recall = 0;     // share of real samples within the ball of any generated one
  double f_score() const { return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0; }
};

// A sample's ball reaches to its k-th nearest other sample of its own set. All pairs are looked at: time grows with the
// square of the number of samples (10,000 of each and 2048 features: minutes), memory does not. Throws Error for k < 1,
// sets of at most k samples, different dimensions and values that are not finite.
PrecisionRecall ComputePrecisionRecall(const FeatureView& generated, const FeatureView& real, int64_t k = 3);

// The balls' radii.
std::vector<double> NeighbourRadii(const FeatureView& features, int64_t k);

}  // namespace skipbench
