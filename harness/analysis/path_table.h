// What a result knows about skip paths: those that were searched, and how estimated ones compare with them.
#pragma once

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
  double relative_error =
      0;  // mean over samples of L2 error / L2 norm of the full latent; shared: root mean square of both
};

// One estimator at one number of skips, over the samples that have both a searched and an estimated path (the errors:
// over the samples that have the path they belong to). Means leave out samples for which a statistic is not defined.
struct PathRow {
  std::string estimate;
  std::string use;  // ranked, thresholded
  int64_t skips = 0;
  int64_t samples = 0;
  double agreement = 0, phi = 0, kappa = 0;                         // means
  double chi2 = 0, chi2_yates = 0;                                  // means
  double p = 0, p_yates = 0, fisher_p = 0, run_p = 0, shift_p = 0;  // medians
  double below_p = 0, below_p_yates = 0, below_run_p = 0;           // share of samples with p < 0.05
  ContingencyTable pooled_table;  // [searched skip, predict][estimated skip, predict], sum over samples
  ChiSquare pooled;               // of that; takes samples' steps as independent, which they are not
  double error_searched = 0, error_estimated = 0, error_random = 0;  // mean relative L2 error
  int64_t samples_searched = 0, samples_estimated = 0;
};

struct PathTable {
  std::string caption;
  std::vector<SearchedRow> searched;
  std::vector<PathRow> rows;
  std::vector<std::string> notes;
};

// Error naming the result when it has neither a search nor a study of paths.
PathTable MakePathTable(const ResultReader& result, const std::string& name);

}  // namespace skipbench
