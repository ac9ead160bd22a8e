// Who works in a shared results folder: a file for each process, renewed as long as it lives.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/launcher.h"

namespace skipbench {

// The folder of claims and workers inside a results folder.
inline constexpr const char* kClaimsFolder = "claims";

struct WorkerState {
  std::string id = {};  // no other process's: "node3-1234-9f2c61d0"
  ProcessName process = {};
  int64_t size = 0;        // processes of its launcher; 0: none
  std::string space = {};  // ProcessSpace() and StartOf(pid): on the same machine they tell whether the process lives
  int64_t start = 0;
  double lease_s = 60;       // after so long without a sign of life it counts as dead
  std::string state = {};    // "working", "waiting"; its end: "ended", "stopped" (by a signal), "failed"
  std::string item = {};     // at work on, or failed at
  double fraction = 0;       // of the item, 0 to 1
  int64_t items = 0;         // done by it
  int64_t samples = 0;       // in these
  double busy_s = 0;         // spent on samples
  std::string message = {};  // why it failed

  // As read: seconds since its last sign of life by the file system's clock, and whether it is still at work.
  double age_s = 0;
  bool alive = false;

  bool over() const { return state == "ended" || state == "stopped" || state == "failed"; }
};

// A time of a file system's own clock, and when that was.
class FileClock {
 public:
  // A file that has just been written.
  void Set(const std::filesystem::path& file);
  // Seconds between the file's time and now; 0 where no time was set.
  double AgeOf(double file_time) const;
  // When a file was written; looked up anew, not in a cache of a network's file system. Nothing: it is not there.
  static std::optional<double> TimeOf(const std::filesystem::path& file);

 private:
  double file_ = 0, steady_ = 0;
};

std::string WorkerFile(const std::string& id);  // its name
Json ToJson(const WorkerState& worker);
// What the file holds: of a message that is long its begin, and no byte that JSON does not take.
std::string FileText(const WorkerState& worker);
// Nothing where there is no such file, or none that says who it is.
std::optional<WorkerState> ReadWorker(const std::filesystem::path& claims, const std::string& id,
                                      const FileClock& clock);

// All that there are files of, by id. `folder`: the results folder.
std::vector<WorkerState> ReadWorkers(const std::filesystem::path& folder);
// Error, naming them, where some are alive.
void RequireNoWorkers(const std::filesystem::path& folder);
// Removes claims, and the files of workers that are not alive; the folder too, if nothing is left in it.
void RemoveClaims(const std::filesystem::path& folder);

// "node3, process 1234, rank 2, job 77".
std::string Describe(const ProcessName& process);

}  // namespace skipbench
