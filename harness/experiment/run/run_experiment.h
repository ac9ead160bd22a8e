// Runs a planned experiment into a results folder: wave by wave, resumable.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "harness/analysis/decide/record.h"
#include "harness/experiment/plan/plan.h"
#include "harness/store/result_writer.h"

namespace skipbench {

struct RunOptions {
  std::filesystem::path out;                                          // results folder
  ResultWriter::Existing existing = ResultWriter::Existing::kRefuse;  // what becomes of a result that is there
  bool quiet = false;                                                 // no progress line
  // Folders of other shards of a run that decides: what they have committed is looked at.
  std::vector<std::filesystem::path> others = {};
};

struct RunSummary {
  int64_t samples_done = 0;                    // committed by this run
  int64_t samples_found = 0;                   // committed before
  int64_t failed = 0;                          // (sample, setting) pairs that failed, in this run or before
  int64_t not_supported = 0;                   // settings that could not run
  std::optional<RunDecisions> decisions = {};  // of a run that decides: what is known of them here
};

// Searches for the paths that settings need first (`plan` gets them), then runs the waves.
RunSummary RunExperiment(Plan& plan, const RunOptions& options);

}  // namespace skipbench
