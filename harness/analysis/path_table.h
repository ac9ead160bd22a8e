// What a result knows about skip paths: those that were searched, and how estimated ones compare with them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/stats/chi_square.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// Paths with one number of skips that a search found.
struct SearchedRow {
  std::string search;  // "greedy"
  std::string scope;   // "sample" or "shared"
  int64_t skips = 0;
  int64_t samples = 0;  // with such a path
  // Mean over samples of L2 error / L2 norm of the full latent; shared: root mean square of both.
  double relative_error = 0;
};

// One estimator at one number of skips, over the samples that have both a searched and an estimated path (the errors:
// over the samples that have the path they belong to). Means leave out samples for which a statistic is not defined.
struct PathRow {
  std::string estimate;
  std::string use;  // ranked, thresholded
  int64_t skips = 0;
  ContingencyTable pooled_table;  // [searched skip, predict][estimated skip, predict], sum over samples
  // By PathTable::numbers. Means (agreement to chi2_yates), medians, shares of samples with p < 0.05; the pooled table
  // and its test, which takes samples' steps as independent, which they are not; mean relative L2 errors.
  std::map<std::string, double> numbers;
};

struct PathTable {
  std::string caption;
  std::vector<SearchedRow> searched;
  std::vector<PathRow> rows;
  std::vector<std::string> numbers;  // of a row, in the order of its CSV form
  std::vector<std::string> notes;
};

// Error naming the result when it has neither a search nor a study of paths.
PathTable MakePathTable(const ResultReader& result, const std::string& name);

}  // namespace skipbench
