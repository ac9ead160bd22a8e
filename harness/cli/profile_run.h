// A run under a profiler: what `skipbench profile` and `run --profile` say of it.
#pragma once

#include <chrono>
#include <filesystem>

#include "harness/experiment/run/run_experiment.h"
#include "harness/runtime/profiler.h"
#include "harness/store/outputs.h"

namespace skipbench::cli {

// Says on stderr what failed or is not supported in a run; the exit code for that, 0 where nothing did.
int SayWhatFailed(const RunSummary& summary);

// Records from construction on.
class ProfiledRun {
 public:
  explicit ProfiledRun(c10::Device device) : device_(device), profiler_(device) {}
  // Prints the table and writes kProfileTrace and kProfileTable into `folder`; measures the machine's peak for that.
  void Report(const std::filesystem::path& folder) const;

 private:
  c10::Device device_;
  Profiler profiler_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace skipbench::cli
