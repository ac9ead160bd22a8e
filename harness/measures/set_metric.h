// Metrics of whole sets of pictures: what one is, and what such metrics have in common. The metrics themselves are in
// metrics/.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/measures/feature_set.h"
#include "harness/measures/measured_value.h"
#include "harness/measures/squared_error.h"

namespace skipbench {

struct SetOptions {
  int64_t blocks = 20;           // of the jackknife that gives all of them intervals; 0: none
  int64_t kernel_subsets = 100;  // of KID
  int64_t kernel_subset_size = 1000;
  int64_t neighbours = 3;  // of precision and recall
};

// Two sets of features of one network.
struct FeatureSetPair {
  const FeatureSet& pictures;
  const FeatureSet& reference;
  bool paired = false;  // row i of both belongs to the same sample
};

struct SetMetric {
  std::string name;  // in full: "fid:clean"
  std::vector<MetricInfo> columns = {};
  std::string network = {};     // whose features are compared (metrics/backbones/feature_network.h); empty: none are
  bool needs_pairs = false;     // compares every picture with its partner
  bool needs_features = false;  // compares the features themselves: a mean and a covariance are not enough
  bool of_clips = false;        // the network takes clips
  std::string beside = {};      // a metric shown beside it: the right value of what the paper's protocol distorts

  // One of the two is there; one value a column.
  std::vector<MeasuredValue> (*of_features)(const SetMetric& metric, const FeatureSetPair& sets,
                                            const SetOptions& options) = nullptr;
  // `batch`: samples that are pooled.
  std::vector<MeasuredValue> (*of_errors)(const SetMetric& metric, std::span<const SquaredError> errors,
                                          int64_t batch) = nullptr;
};

// The values of a metric of features. Throws Error naming the sets: too few pictures, features that a statistics file
// does not hold, values that are not finite, different dimensions, weights or lengths of clips.
std::vector<MeasuredValue> MeasureSets(const SetMetric& metric, const FeatureSetPair& sets,
                                       const SetOptions& options = {});

// Throws Error, which names the metric, where the set has no features of its own.
void RequireFeatures(const SetMetric& metric, const FeatureSet& set);

// The blocks of a jackknife over a set's samples (harness/stats/jackknife.h); none where intervals are not wanted.
std::vector<int64_t> BlocksOf(const FeatureSet& set, const SetOptions& options);

// Gives a value that is known without each block too its interval, within [min, max].
void SetInterval(const std::vector<double>& without_block, bool paired, double min, double max, MeasuredValue* value);

}  // namespace skipbench
