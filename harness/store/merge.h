// Results of one run, made in several places, become one folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/store/source.h"

namespace skipbench {

struct MergeSummary {
  int64_t samples = 0;     // in the merged result
  int64_t planned = 0;     // of the whole run
  std::vector<std::string> notes;   // on sources that changed after their run; what was added to them is not merged
};

// Joins results (folders or files, finished or not) into `out`/results.h5, which reads like the result of an undivided run and
// can be resumed as one; pictures written as files (png/, apng/, mp4/) are copied. The folder is locked meanwhile, as a run locks it. The
// sources stay as they are. Error naming the files when they are not of one run, when a sample is in two of them, when `out` holds
// another result already; the merge of the same samples (a merge was killed after it had written that) is kept.
MergeSummary MergeResults(const std::vector<std::filesystem::path>& results, const std::filesystem::path& out,
                          const OpenOptions& options = {});

}  // namespace skipbench
