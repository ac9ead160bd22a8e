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
  // `normal` is not that of `values`, but of more pictures or others; Frechet distances take `normal` then.
  bool normal_is_apart = false;
  std::string weights = {};             // SHA-256 of the network's weights; empty: unknown
  std::vector<std::string> names = {};  // [n], what rows pair by (PictureSet::name); empty: unknown
  int64_t frames = 0;                   // of every clip; 0: pictures, or unknown
  std::string left_out = {};            // which pictures could not be read and are not in it, as a note; empty: none

  bool has_features() const { return !values.empty(); }
  bool compares_normals() const { return !has_features() || (normal && normal_is_apart); }
  FeatureView view() const { return {values, dimension}; }
  int64_t count() const { return has_features() ? view().rows() : normal ? normal->count : 0; }
  // Row k of it becomes row order[k] of what it was.
  void Reorder(const std::vector<int64_t>& order);
};

// By the network's name in a metric ("inception:clean").
using FeatureSets = std::map<std::string, FeatureSet>;

// How many rows of `a` have a partner in `b`: a row of the same name. Sets whose names are unknown have none.
int64_t CountPartners(const FeatureSet& a, const FeatureSet& b);
// Brings the rows of `b` into the order of `a` if both have the same names, each once; else leaves it and says false.
bool OrderLike(const FeatureSet& a, FeatureSet* b);

}  // namespace skipbench
