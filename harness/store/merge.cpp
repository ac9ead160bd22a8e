#include "harness/store/merge.h"

#include "harness/store/folder_lock.h"
#include "harness/store/join.h"
#include "harness/store/outputs.h"
#include "harness/store/source.h"

namespace skipbench {
namespace fs = std::filesystem;

MergeSummary MergeResults(const std::vector<fs::path>& results, const fs::path& out) {
  if (results.empty()) Fail("no result was given");
  const FolderLock lock(out);
  if (!ResultFiles(out).empty()) Fail("{}: holds a result already; give another folder", out.string());
  std::vector<Source> sources;
  for (const auto& path : results) {
    for (auto& source : OpenResult(path)) sources.push_back(std::move(source));
    if (sources.size() > kKeepOpen)
      for (auto& source : sources) source.Close();
  }
  RequireOneRun(sources, /*shards=*/true);
  MergeSummary summary;
  for (const auto& source : sources) summary.samples += static_cast<int64_t>(source.samples().size());
  summary.planned = sources.front().header().sample_count;
  // Beside each file of results stand its pictures; of a folder with several, beside all of them.
  for (const auto& source : sources) {
    const fs::path folder = source.path().parent_path();
    CopyPictures(folder.filename() == kSegmentFolder ? folder.parent_path() : folder, out, source.header().settings, source.samples());
  }
  lock.RequireFolder();
  Join(sources, out / kJoinedFile, Shard{});
  return summary;
}

}  // namespace skipbench
