// How far a run is, from what its folder holds: for one process, or several that share it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/store/claims/worker.h"

namespace skipbench {

// A wave or part that somebody has, or had.
struct ItemInHand {
  std::string item = {};  // "00000012", "latency"
  int64_t first = -1;     // of a wave: its samples [first, end) of the plan; -1: it is none
  int64_t end = -1;
  WorkerState worker = {};
};

struct RunProgress {
  std::filesystem::path folder = {};
  std::string name = {};            // of the run
  std::string state = {};           // "complete", "at work", "unfinished" (nobody is at work); where no run has
                                    // been agreed on yet "starting", "not begun" (nobody is there)
  bool shared = false;              // by claims
  int64_t planned = 0, stored = 0;  // samples
  int64_t planned_waves = 0, stored_waves = 0;  // of a complete result none are counted
  std::vector<ItemInHand> in_flight = {};       // by processes that are alive
  std::vector<ItemInHand> failed = {};          // with an error, and not stored since
  std::vector<ItemInHand> abandoned = {};       // by processes that died or were stopped, and not stored since
  std::vector<WorkerState> workers = {};
  std::optional<double> left_s = {};  // at the pace of those at work; nothing where it is not known
};

// Error naming the folder where it holds no run.
RunProgress ReadProgress(const std::filesystem::path& folder);

}  // namespace skipbench
