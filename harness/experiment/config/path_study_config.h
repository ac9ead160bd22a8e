// The study of how well skip paths are estimated, as a config describes it under "path_study".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/base/options.h"
#include "harness/sampling/search.h"

namespace skipbench {

// How paths with a wanted number of skips are made from a method's criterion.
struct PathEstimator {
  std::string label;
  // true: the calls where criterion / threshold is smallest on the full-step trajectory are skipped, or largest where
  // the method predicts below its threshold ("ranked"). false: the method itself, with the first of several thresholds
  // that skips that often
  // ("thresholded").
  bool ranked = true;
  std::vector<std::shared_ptr<const Method>> methods;
};

struct PathStudyConfig {
  int skips = 0;        // compared for 1 .. skips
  int64_t samples = 0;  // the first that many are searched; 0: all. Estimated and random paths are for all
  std::shared_ptr<const Search> search;
  std::vector<PathEstimator> estimators;
  int64_t first = 1, last = 0;  // calls that the search forces, and so the random paths
  int random_paths = 2;         // of each number of skips and sample
  uint64_t seed = 0;            // of the random paths and of the permutations
  int permutations = 9999;
};

const OptionTable<PathStudyConfig>& PathStudyTable();
PathStudyConfig ReadPathStudy(const JsonReader& reader);

}  // namespace skipbench
