// Results of one run, made in several places, become one folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/store/folder_lock.h"
#include "harness/store/source.h"

namespace skipbench {

struct MergeSummary {
  int64_t samples = 0;               // in the merged result
  int64_t planned = 0;               // of the whole run
  std::vector<std::string> notes;    // on sources that changed after their run; what was added to them is not merged
  std::unique_ptr<FolderLock> lock;  // of the folder, for what is written there besides
};

// Joins results (folders or files, finished or not) into `out`/results.h5, which reads like the result of an undivided
// run and can be resumed as one; pictures written as files (png/, apng/, mp4/) are copied. The folder is locked as a
// run locks it, for as long as the summary lives; what a killed merge has left unfinished there is removed. The sources
// stay as they are. Error naming the files when they are not of one run, when a sample is in two of them, when `out`
// holds another result already; the merge of the same samples (a merge was killed after it had written that) is kept.
MergeSummary MergeResults(const std::vector<std::filesystem::path>& results, const std::filesystem::path& out,
                          const OpenOptions& options = {});

}  // namespace skipbench
