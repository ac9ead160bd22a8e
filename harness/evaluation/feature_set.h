// Feature vectors of a set of pictures, or what a statistics file has kept of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/stats/feature_statistics.h"

namespace skipbench {

struct FeatureSet {
  std::string description = {};  // whose features they are, for messages
  int64_t dimension = 0;
  std::vector<float> values = {};       // [n, dimension], in the order of the pictures; empty: only `normal` is known
  std::optional<Gaussian> normal = {};  // from a file
  std::string weights = {};             // SHA-256 of the network's weights; empty: unknown

  bool has_features() const { return !values.empty(); }
  FeatureView view() const { return {values, dimension}; }
  int64_t count() const { return has_features() ? view().rows() : normal ? normal->count : 0; }
};

// By the network's name in a metric ("inception:clean").
using FeatureSets = std::map<std::string, FeatureSet>;

}  // namespace skipbench
