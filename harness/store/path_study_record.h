// The study of how well paths are estimated, in a results file: searched, estimated and random skip paths of the same
// samples with the same numbers of skips, and what compares them.
//
//   /path_study         attributes: search ("greedy"), first (calls before it predict in every path and are left out of
//                       the comparison), permutations, seed, evaluations, seconds
//     sample            [n] ids
//     latent_norm       [n] L2 norm of the full path's final latent
//     skips             [k] the numbers of skips
//     searched_path     [n, k, calls] u8, 1 predict, 0 reuse; all 0: none (the sample was not searched, or not so far)
//     searched_error    [n, k] L2 of the final latent against the full path's; NaN: none
//     random_path       [n, k, draws, calls], random_error [n, k, draws]
//     estimators/<e>/   attributes: label, use ("ranked" or "thresholded")
//       path, error     as searched_*
//       table           [n, k, 4] steps: both skip; only searched skips; only estimated skips; both predict
//       <statistic>     [n, k] NaN where it is not defined: PathStatistics()
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/io/hdf5/hdf5.h"
#include "harness/store/records.h"

namespace skipbench {

inline constexpr const char* kPathStudyGroup = "path_study";

// Names of the statistics, in the order in which they are stored.
const std::vector<std::string>& PathStatistics();

struct PathEstimate {
  std::string label, use;
  Array<uint8_t> path;                              // [n, k, calls]
  Array<double> error;                              // [n, k]
  Array<int64_t> table;                             // [n, k, 4]
  std::map<std::string, Array<double>> statistics;  // [n, k]
};

struct PathStudyRecord {
  std::string search;
  int64_t first = 1, permutations = 0, evaluations = 0;
  uint64_t seed = 0;
  double seconds = 0;
  std::vector<int64_t> samples;
  std::vector<double> latent_norm;
  std::vector<int64_t> skips;
  Array<uint8_t> searched_path;
  Array<double> searched_error;
  Array<uint8_t> random_path;
  Array<double> random_error;
  std::vector<PathEstimate> estimates;

  int64_t calls() const { return searched_path.shape.at(2); }
};

void WritePathStudy(hdf5::Group& group, const PathStudyRecord& record);
// Error naming the file and what does not fit.
PathStudyRecord ReadPathStudy(const hdf5::Group& group);

}  // namespace skipbench
