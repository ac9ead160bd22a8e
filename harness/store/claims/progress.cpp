#include "harness/store/claims/progress.h"

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/error.h"
#include "harness/store/claims/shared_plan.h"
#include "harness/store/folder_lock.h"
#include "harness/store/result_reader.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPaceOf = 10;  // segments

bool IsWave(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c); });
}

// Names of the segments, and when each was written.
std::map<std::string, double> Segments(const fs::path& folder) {
  std::map<std::string, double> segments;
  for (const auto& file : ResultFiles(folder))
    if (file.filename() != kJoinedFile) segments[file.stem().string()] = FileClock::TimeOf(file).value_or(0);
  return segments;
}

// Samples a second, of all processes that are at work; one that has done nothing yet is as fast as the others.
std::optional<double> PaceOf(const std::vector<WorkerState>& workers) {
  double pace = 0;
  int known = 0, unknown = 0;
  for (const auto& worker : workers) {
    if (!worker.alive) continue;
    const bool tells = worker.samples > 0 && worker.busy_s > 0;
    if (tells) pace += static_cast<double>(worker.samples) / worker.busy_s;
    ++(tells ? known : unknown);
  }
  if (known == 0) return std::nullopt;
  return pace * (known + unknown) / known;
}

// Of a process that works alone: from the times at which it has stored its last waves.
std::optional<double> PaceOf(const std::map<std::string, double>& segments, double samples_a_wave) {
  std::vector<double> times;
  for (const auto& [name, time] : segments)
    if (IsWave(name)) times.push_back(time);
  std::sort(times.begin(), times.end());
  if (times.size() < 2) return std::nullopt;
  const size_t count = std::min(times.size(), kPaceOf);
  const double seconds = times.back() - times[times.size() - count];
  if (seconds <= 0) return std::nullopt;
  return samples_a_wave * static_cast<double>(count - 1) / seconds;
}

// Of processes that share the folder.
RunProgress Shared(const fs::path& folder, const RunHeader& header, const SharedPlan& plan) {
  RunProgress progress{.folder = folder, .name = header.name, .shared = true, .planned = header.sample_count};
  const auto segments = Segments(folder);
  std::map<std::string, int64_t> ends;
  int64_t open = 0;
  for (const auto& [begin, end] : plan.waves) {
    ends[WaveName(begin)] = end;
    if (!segments.contains(WaveName(begin))) open += end - begin;
  }
  progress.stored = progress.planned - open;
  progress.planned_waves = std::ssize(plan.waves);
  progress.stored_waves = std::ranges::count_if(ends, [&](const auto& wave) { return segments.contains(wave.first); });
  progress.workers = ReadWorkers(folder);
  auto left = static_cast<double>(open);
  bool alive = false;
  for (const auto& worker : progress.workers) {
    alive |= worker.alive;
    if (worker.item.empty() || segments.contains(worker.item)) continue;
    ItemInHand item{.item = worker.item, .worker = worker};
    if (const auto wave = ends.find(worker.item); wave != ends.end()) {
      item.first = std::stoll(worker.item);
      item.end = wave->second;
    }
    if (worker.alive) left -= worker.fraction * static_cast<double>(std::max<int64_t>(0, item.end - item.first));
    (worker.alive               ? progress.in_flight
     : worker.state == "failed" ? progress.failed
                                : progress.abandoned)
        .push_back(std::move(item));
  }
  // What another one has taken up is no longer left lying.
  std::set<std::string> taken;
  for (const auto& item : progress.in_flight) taken.insert(item.item);
  for (auto* items : {&progress.failed, &progress.abandoned})
    std::erase_if(*items, [&](const auto& item) { return taken.contains(item.item); });
  progress.state = alive ? "at work" : "unfinished";
  if (const auto pace = PaceOf(progress.workers)) progress.left_s = std::max(0.0, left) / *pace;
  return progress;
}

RunProgress Alone(const fs::path& folder) {
  const ResultReader result = ResultReader::Open(folder);
  const RunHeader& header = result.header();
  RunProgress progress{.folder = folder, .name = header.name};
  progress.stored = std::ssize(result.samples());
  progress.planned = header.sample_count;
  const auto segments = Segments(folder);
  progress.stored_waves = std::ranges::count_if(segments, [](const auto& segment) { return IsWave(segment.first); });
  const bool busy = FolderLock::IsHeld(folder);
  // A run that ended early, or a shard, holds less than the plan and is whole all the same: it is joined.
  progress.state = busy ? "at work" : segments.empty() ? "complete" : "unfinished";
  if (progress.state == "complete" && header.shard.count == 1) progress.planned = progress.stored;
  const auto& waves = result.waves();
  if (busy && !waves.empty())
    if (const auto pace = PaceOf(segments, static_cast<double>(waves.front().samples)))
      progress.left_s = static_cast<double>(progress.planned - progress.stored) / *pace;
  return progress;
}

}  // namespace

RunProgress ReadProgress(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) Fail("{}: is no folder of a run", folder.string());
  try {
    if (const auto plan = ReadSharedPlan(folder)) return Shared(folder, plan->first, plan->second);
  } catch (const Error&) {
    // Joined meanwhile: what was shared is gone.
    if (fs::exists(folder / kClaimsFolder / "run.h5", error)) throw;
  }
  if (!ResultFiles(folder).empty()) return Alone(folder);
  if (!FolderLock::IsHeld(folder) && ReadWorkers(folder).empty())
    Fail("{}: holds no run (neither {}, {}/*.h5 nor {})", folder.string(), kJoinedFile, kSegmentFolder, kClaimsFolder);
  RunProgress progress{.folder = folder, .workers = ReadWorkers(folder)};
  const bool alive = FolderLock::IsHeld(folder) || std::ranges::any_of(progress.workers, &WorkerState::alive);
  progress.state = alive ? "starting" : "not begun";
  return progress;
}

}  // namespace skipbench
