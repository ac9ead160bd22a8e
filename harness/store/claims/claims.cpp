#include "harness/store/claims/claims.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <random>

#include "harness/base/error.h"
#include "harness/io/files/exclusive_name.h"
#include "harness/store/folder_lock.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr int kBeats = 6;  // signs of life in a lease

// "00000012.3" -> its item and number.
std::optional<std::pair<std::string, int>> ParseClaim(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(name.data() + dot + 1, name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return std::pair(name.substr(0, dot), number);
}

}  // namespace

Claims::Claims(const fs::path& folder, const ProcessName& process, int64_t size, double lease_s)
    : folder_(folder / kClaimsFolder) {
  MakeFolder(folder_);
  std::string host = process.host;
  for (char& c : host)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  self_.id = fmt::format("{}-{}-{:08x}", host, process.pid, std::random_device()());
  self_.process = process;
  self_.size = size;
  if (process.pid == getpid()) {  // of another only its file tells
    self_.space = ProcessSpace();
    self_.start = StartOf(process.pid).value_or(0);
  }
  self_.lease_s = lease_s;
  self_.state = "waiting";
  MakeExclusively(folder_ / WorkerFile(self_.id), FileText(self_));  // says why where no file can be made
  clock_.Set(folder_ / WorkerFile(self_.id));
  beats_ = std::thread([this] { Beat(); });
}

Claims::~Claims() {
  End("ended");
  {
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  beats_.join();
  if (!leave_nothing_) return;
  std::error_code ignored;
  fs::remove(folder_ / WorkerFile(self_.id), ignored);
  fs::remove(folder_, ignored);  // if it is empty
  if (joined_ && fs::exists(folder_, ignored)) RemoveClaims(folder_.parent_path());
}

void Claims::Beat() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    wake_.wait_for(lock, std::chrono::duration<double>(self_.lease_s / kBeats));
    if (!over_) Write();
  }
}

// With the mutex held. What fails now is tried again with the next beat.
void Claims::Write() {
  const fs::path file = folder_ / WorkerFile(self_.id);
  if (ReplaceQuickly(file, FileText(self_))) clock_.Set(file);
}

void Claims::Refresh() {
  newest_.clear();
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error))
    if (const auto claim = ParseClaim(entry->path().filename().string())) {
      int& newest = newest_.try_emplace(claim->first, -1).first->second;
      newest = std::max(newest, claim->second);
    }
}

Claims::Owner Claims::OwnerOf(const std::string& item) {
  const auto newest = newest_.find(item);
  if (newest == newest_.end()) return Owner::kNobody;
  const std::string name = fmt::format("{}.{}", item, newest->second);
  std::string& owner = owners_[name];
  if (owner.empty()) std::getline(std::ifstream(folder_ / name), owner);
  const std::lock_guard lock(mutex_);
  if (owner == self_.id) return Owner::kAlive;
  // A claim that says nobody's name is one of a machine that crashed, or is being written where there are no links.
  if (owner.empty()) {
    const auto time = FileClock::TimeOf(folder_ / name);
    return time && clock_.AgeOf(*time) <= self_.lease_s ? Owner::kAlive : Owner::kGone;
  }
  const auto worker = ReadWorker(folder_, owner, clock_);
  return worker && worker->alive ? Owner::kAlive : Owner::kGone;
}

bool Claims::Claim(const std::string& item) {
  const auto newest = newest_.find(item);
  const int number = newest == newest_.end() ? 0 : newest->second + 1;
  std::error_code error;
  if (!fs::is_directory(folder_, error)) return false;
  if (!MakeExclusively(folder_ / fmt::format("{}.{}", item, number), self_.id + "\n")) return false;
  newest_[item] = own_[item] = number;
  return true;
}

bool Claims::AFasterOneWaits() {
  const auto pace = [](const WorkerState& worker) {
    return worker.samples > 0 ? worker.busy_s / static_cast<double>(worker.samples) : HUGE_VAL;
  };
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(ReadWorkers(folder_.parent_path()), [&](const WorkerState& worker) {
    return worker.alive && worker.id != self_.id && worker.state == "waiting" && pace(worker) * 1.5 < pace(self_);
  });
}

int Claims::Before(const std::string& item) const {
  const auto own = own_.find(item);
  return own == own_.end() ? 0 : own->second;
}

void Claims::Working(const std::string& item) {
  const std::lock_guard lock(mutex_);
  self_.state = "working";
  self_.item = item;
  self_.fraction = 0;
  if (!over_) Write();
}

void Claims::Progress(double fraction) {
  const std::lock_guard lock(mutex_);
  self_.fraction = fraction;
}

void Claims::Done(int64_t samples, double seconds) {
  const std::lock_guard lock(mutex_);
  ++self_.items;
  self_.samples += samples;
  if (samples > 0) self_.busy_s += seconds;
  self_.item.clear();
  self_.fraction = 0;
}

void Claims::Waiting() {
  const std::lock_guard lock(mutex_);
  if (self_.state == "waiting") return;
  self_.state = "waiting";
  self_.item.clear();
  if (!over_) Write();
}

void Claims::End(const std::string& state, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (over_) return;
  over_ = true;
  self_.state = state;
  self_.message = message;
  Write();
}

void Claims::LeaveNothing() {
  const std::lock_guard lock(mutex_);
  leave_nothing_ = true;
}

void Claims::LeaveNothingOfJoined() {
  const std::lock_guard lock(mutex_);
  leave_nothing_ = joined_ = true;
}

}  // namespace skipbench
