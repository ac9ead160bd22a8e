#include "harness/store/merge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "harness/store/join.h"
#include "harness/store/outputs.h"
#include "harness/store/source.h"

namespace skipbench {
namespace fs = std::filesystem;

namespace {

// `out` holds these sources already, as compact as asked for: a merge was killed after it had written its result.
bool IsMergeOf(const std::vector<Source>& sources, const fs::path& out, const JoinOptions& join) {
  const auto files = ResultFiles(out);
  if (files.size() != 1 || files[0].filename() != kJoinedFile) return false;
  const Source merged(files[0]);
  if (merged.header().shard.count != 1 ||
      !FirstDifference(sources.front().header(), merged.header(), /*shards=*/true).empty())
    return false;
  for (const auto& source : sources) {
    if (source.samples().empty() || merged.samples().empty()) continue;
    for (size_t k = 0; k < source.header().settings.size(); ++k) {
      const auto kept = [&](const ColumnInfo& column) { return !join.compact || KeptCompact(column); };
      if (std::ranges::count_if(source.columns(k), kept) != std::ssize(merged.columns(k))) return false;
    }
  }
  std::set<std::pair<int64_t, int64_t>> there, here;
  for (const auto& sample : merged.samples()) there.emplace(sample.ordinal, sample.id);
  for (const auto& source : sources)
    for (const auto& sample : source.samples())
      if (!join.kept || sample.ordinal < join.kept->end) here.emplace(sample.ordinal, sample.id);
  return there == here;
}

}  // namespace

MergeSummary MergeResults(const std::vector<fs::path>& results, const fs::path& out, const OpenOptions& options,
                          JoinOptions join) {
  if (results.empty()) Fail("no result was given");
  MergeSummary summary;
  summary.lock = std::make_unique<FolderLock>(out);
  RemoveUnfinished(out);
  std::vector<Source> sources;
  for (const auto& path : results) {
    for (auto& source : OpenResult(path, options)) sources.push_back(std::move(source));
    if (sources.size() > kKeepOpen)
      for (auto& source : sources) source.Close();
  }
  RequireOneRun(sources, /*shards=*/true);
  for (const auto& source : sources)
    summary.notes.insert(summary.notes.end(), source.notes().begin(), source.notes().end());
  for (const auto& source : sources)
    for (const auto& sample : source.samples()) summary.samples += !join.kept || sample.ordinal < join.kept->end;
  summary.planned = sources.front().header().sample_count;
  const bool merged = !ResultFiles(out).empty();
  if (merged && !IsMergeOf(sources, out, join))
    Fail("{}: holds a result already, of another merge or run; give another folder", out.string());
  // Beside each file of results stand its pictures; of a folder with several, beside all of them.
  for (const auto& source : sources) {
    const fs::path folder = source.path().parent_path();
    CopyPictures(folder.filename() == kSegmentFolder ? folder.parent_path() : folder, out, source.header().settings,
                 source.samples());
  }
  summary.lock->RequireFolder();
  join.shard = Shard{};
  if (!merged) Join(sources, out / kJoinedFile, join);
  return summary;
}

}  // namespace skipbench
