#include "harness/store/merge.h"

#include "harness/store/join.h"
#include "harness/store/source.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// Pictures stand at png/<setting>/<id>.png; no two shards have the same one.
void CopyPictures(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::is_directory(from / "png", error)) return;
  fs::copy(from / "png", to / "png", fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (error) Fail("{}: the pictures cannot be copied to {}: {}", (from / "png").string(), to.string(), error.message());
}

}  // namespace

MergeSummary MergeResults(const std::vector<fs::path>& results, const fs::path& out) {
  if (results.empty()) Fail("no result was given");
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
  std::error_code error;
  fs::create_directories(out, error);
  if (error) Fail("{}: cannot be made a folder: {}", out.string(), error.message());
  for (const auto& path : results) CopyPictures(path, out);
  Join(sources, out / kJoinedFile, Shard{});
  return summary;
}

}  // namespace skipbench
