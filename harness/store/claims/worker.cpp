#include "harness/store/claims/worker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "harness/base/error.h"
#include "harness/io/files/atomic_file.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "worker-", kSuffix = ".json";
constexpr size_t kLongestMessage = 4096, kLongestFile = size_t{1} << 16;  // bytes; escaped, a byte may take six

double SteadyNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::optional<std::string> ReadText(const fs::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string text(kLongestFile, '\0');
  const ssize_t size = read(file, text.data(), text.size());
  close(file);
  if (size < 0) return std::nullopt;
  text.resize(static_cast<size_t>(size));
  return text;
}

std::optional<std::string> IdOf(const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  return name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
}

// On the machine and in the space of processes where it runs; elsewhere nothing is known.
bool IsGone(const WorkerState& worker) {
  static const std::string here = ProcessSpace();
  return !here.empty() && worker.space == here && StartOf(worker.process.pid) != worker.start;
}

std::vector<std::string> Names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::optional<double> FileClock::TimeOf(const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  struct stat found {};
  const bool there = fstat(descriptor, &found) == 0;
  close(descriptor);
  if (!there) return std::nullopt;
  return static_cast<double>(found.st_mtim.tv_sec) + 1e-9 * static_cast<double>(found.st_mtim.tv_nsec);
}

void FileClock::Set(const fs::path& file) {
  const double now = SteadyNow();
  if (const auto time = TimeOf(file)) {
    file_ = *time;
    steady_ = now;
  }
}

double FileClock::AgeOf(double file_time) const { return file_ > 0 ? file_ + (SteadyNow() - steady_) - file_time : 0; }

std::string WorkerFile(const std::string& id) { return std::string(kPrefix) + id + std::string(kSuffix); }

Json ToJson(const WorkerState& worker) {
  return {{"id", worker.id},           {"host", worker.process.host},
          {"pid", worker.process.pid}, {"rank", worker.process.rank},
          {"size", worker.size},       {"job", worker.process.job},
          {"space", worker.space},     {"start", worker.start},
          {"lease_s", worker.lease_s}, {"state", worker.state},
          {"item", worker.item},       {"fraction", worker.fraction},
          {"items", worker.items},     {"samples", worker.samples},
          {"busy_s", worker.busy_s},   {"message", worker.message}};
}

std::string FileText(const WorkerState& worker) {
  Json json = ToJson(worker);
  json["message"] = worker.message.substr(0, kLongestMessage);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<WorkerState> ReadWorker(const fs::path& claims, const std::string& id, const FileClock& clock) {
  const fs::path path = claims / WorkerFile(id);
  const auto text = ReadText(path);
  const auto time = FileClock::TimeOf(path);
  if (!text || !time) return std::nullopt;
  WorkerState worker;
  worker.id = id;
  worker.age_s = std::max(0.0, clock.AgeOf(*time));
  try {
    const Json json = ParseJson(*text, path.string());
    const JsonReader reader(json, path.string());
    worker.process = {.host = reader.String("host"),
                      .pid = reader.Int("pid"),
                      .rank = reader.Int("rank"),
                      .job = reader.String("job")};
    worker.size = reader.Int("size");
    worker.space = reader.String("space");
    worker.start = reader.Int("start");
    worker.lease_s = reader.Double("lease_s");
    worker.state = reader.String("state");
    worker.item = reader.String("item");
    worker.fraction = reader.Double("fraction");
    worker.items = reader.Int("items");
    worker.samples = reader.Int("samples");
    worker.busy_s = reader.Double("busy_s");
    worker.message = reader.String("message");
  } catch (
      const Error&) {  // a machine that crashed has left half a file: nobody is at work for long without renewing it
    worker.process = {.host = path.filename().string()};
    worker.state = "unreadable";
  }
  worker.alive = !worker.over() && worker.age_s <= worker.lease_s && !IsGone(worker);
  return worker;
}

std::vector<WorkerState> ReadWorkers(const fs::path& folder) {
  const fs::path claims = folder / kClaimsFolder;
  std::vector<WorkerState> workers;
  FileClock clock;
  std::vector<std::string> ids;
  for (const auto& name : Names(claims))
    if (const auto id = IdOf(name)) ids.push_back(*id);
  if (ids.empty()) return workers;
  try {
    const TemporaryFile now(claims / "clock");
    [[maybe_unused]] const ssize_t written = write(now.descriptor, "x", 1);
    close(now.descriptor);
    clock.Set(now.name);
    unlink(now.name.c_str());
  } catch (const Error&) {  // somebody else's folder: the clock of this machine has to do
    clock.Set("/proc/self/stat");
  }
  for (const auto& id : ids)
    if (auto worker = ReadWorker(claims, id, clock)) workers.push_back(std::move(*worker));
  return workers;
}

void RequireNoWorkers(const fs::path& folder) {
  std::string alive;
  double wait = 0;
  for (const auto& worker : ReadWorkers(folder)) {
    if (!worker.alive) continue;
    alive += (alive.empty() ? "" : "; ") + Describe(worker.process);
    wait = std::max(wait, worker.lease_s - worker.age_s);
  }
  if (!alive.empty())
    Fail(
        "{}: processes that share its waves are at work there ({}): join them with run --claim, or wait; one that was "
        "killed on another machine counts as dead in {:.0f} s",
        folder.string(), alive, wait);
}

void RemoveClaims(const fs::path& folder) {
  const fs::path claims = folder / kClaimsFolder;
  std::error_code ignored;
  if (!fs::is_directory(claims, ignored)) return;
  std::vector<std::string> alive;
  for (const auto& worker : ReadWorkers(folder))
    if (worker.alive) alive.push_back(WorkerFile(worker.id));
  for (const auto& name : Names(claims))
    if (std::ranges::find(alive, name) == alive.end()) fs::remove(claims / name, ignored);
  fs::remove(claims, ignored);
}

std::string Describe(const ProcessName& process) {
  std::string text = process.host;
  if (process.pid > 0) text += fmt::format(", process {}", process.pid);
  if (process.rank >= 0) text += fmt::format(", rank {}", process.rank);
  if (!process.job.empty()) text += ", job " + process.job;
  return text;
}

}  // namespace skipbench
