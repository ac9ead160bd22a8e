// Results of one run, made in several places, become one folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/store/folder_lock.h"
#include "harness/store/join.h"
#include "harness/store/source.h"

namespace skipbench {

struct MergeSummary {
  int64_t samples = 0;               // in the merged result
  int64_t planned = 0;               // of the whole run
  std::vector<std::string> notes;    // on sources that changed after their run; what was added to them is not merged
  std::unique_ptr<FolderLock> lock;  // of the folder, for what is written there besides
};

// Joins results (folders or files, finished or not) into `out`/results.h5, which reads like the result of an undivided
// run and can be resumed as one, and copies their pictures. The folder stays locked as long as the summary lives; what
// a killed merge has left there is removed, its whole result kept. Error naming the files when they are not of one run,
// a sample is in two of them, or `out` holds another result.
// `join.compact`: without what tables do not need (thumbnails, latents, images, traces, features of single samples),
// and compressed; distances of sets stay as they were computed. `join`: what of the samples counts and what is written
// besides; its shard is not looked at.
MergeSummary MergeResults(const std::vector<std::filesystem::path>& results, const std::filesystem::path& out,
                          const OpenOptions& options = {}, JoinOptions join = {});

}  // namespace skipbench
