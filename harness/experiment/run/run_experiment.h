// Runs a planned experiment into a results folder: wave by wave, resumable.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/decide/record.h"
#include "harness/base/stop.h"
#include "harness/experiment/plan/plan.h"
#include "harness/experiment/share/work_share.h"
#include "harness/store/result_writer.h"

namespace skipbench {

struct RunOptions {
  std::filesystem::path out;                                          // results folder
  ResultWriter::Existing existing = ResultWriter::Existing::kRefuse;  // what becomes of a result that is there
  bool quiet = false;                                                 // no progress line
  // Folders of other shards of a run that decides: what they have committed is looked at.
  std::vector<std::filesystem::path> others = {};
  // Parts of one earlier result: what fits is taken from it (harness/experiment/extend/extension.h). Throws Error where
  // nothing does, or one of them lies in `out`.
  std::vector<std::filesystem::path> extend = {};
  // The waves are claimed one by one, by all processes that run the same into `out`; `existing` is not looked at then.
  std::optional<ShareOptions> share = {};
  // Who may ask the run to stop: it ends by Stopped, between two waves or parts; null: nobody.
  StopRequests* stop = nullptr;
  // Is told how many of this process's samples are stored, and how many there are, whenever that changes; may be empty.
  std::function<void(int64_t stored, int64_t planned)> stored = {};
};

struct RunSummary {
  int64_t samples_done = 0;                    // committed by this run
  int64_t samples_found = 0;                   // committed before, or by others that share the run
  int64_t failed = 0;                          // (sample, setting) pairs that failed, in this run or before
  int64_t not_supported = 0;                   // settings that could not run
  std::optional<RunDecisions> decisions = {};  // of a run that decides: what is known of them here
  int64_t taken = 0;        // (sample, setting) pairs that were not sampled, but taken from an earlier result
  int64_t evaluations = 0;  // of the network, in this run's waves
  bool joined_here = true;  // false: another process that shares the run has put the result together
  std::vector<std::string> notes = {};  // what the user has to know of earlier results and of kept outputs
};

// Searches for the paths that settings need first (`plan` gets them), then runs the waves.
RunSummary RunExperiment(Plan& plan, const RunOptions& options);

}  // namespace skipbench
