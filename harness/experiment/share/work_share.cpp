#include "harness/experiment/share/work_share.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "harness/base/error.h"

namespace skipbench {
namespace {

constexpr const char* kJoin = "join";
constexpr double kFirstWait = 0.05, kLongestWait = 2;  // seconds between two looks at what others do

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

}  // namespace

WorkShare::WorkShare(const std::filesystem::path& folder, const ShareOptions& options)
    : options_(options), claims_(folder, ThisProcess(), options.processes, options.lease_s) {
  if (options_.stop) options_.stop->BeforeEnd([this] { claims_.End("stopped"); });
}

WorkShare::~WorkShare() {
  if (options_.stop) options_.stop->BeforeEnd({});
}

void WorkShare::RequireNotJoined() {
  if (writer_->IsJoinedByAnother()) throw JoinedByAnother();
}

// A claim of a folder that a joining process is just clearing away counts for nothing.
bool WorkShare::Claim(const std::string& item) {
  if (!claims_.Claim(item)) {
    RequireNotJoined();
    return false;
  }
  RequireNotJoined();
  writer_->Refresh();
  return item == kJoin || !writer_->IsStored(item);
}

void WorkShare::RunClaimed(const std::string& item, const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  samples_ = 0;
  claims_.Working(item);
  try {
    run();
  } catch (const Stopped&) {
    claims_.End("stopped");
    throw;
  } catch (const std::exception& e) {
    RequireNotJoined();  // the files that it missed are joined
    claims_.End("failed", e.what());
    throw;
  }
  claims_.Done(samples_, Seconds(start));
}

// First what nobody has had, then what somebody has left.
bool WorkShare::TakeOne(const std::vector<std::string>& items, const Run& run, const Wanted& wanted, bool* open) {
  std::vector<size_t> left;
  *open = false;
  for (size_t i = 0; i < items.size(); ++i) {
    if (writer_->IsStored(items[i]) || (wanted && !wanted(i))) continue;
    *open = true;
    const auto owner = claims_.OwnerOf(items[i]);
    if (owner == Claims::Owner::kGone) left.push_back(i);
    if (owner != Claims::Owner::kNobody || !Claim(items[i])) continue;
    RunClaimed(items[i], [&] { run(i); });
    return true;
  }
  for (const size_t i : left) {
    if (!Claim(items[i])) continue;
    RunClaimed(items[i], [&] { run(i); });
    return true;
  }
  return false;
}

void WorkShare::Do(const std::vector<std::string>& items, const Run& run, const Wanted& wanted) {
  for (bool open = true; open;) {
    claims_.Refresh();
    writer_->Refresh();
    RequireNotJoined();  // after the look: what is gone then is joined
    if (TakeOne(items, run, wanted, &open))
      waits_ = 0;
    else if (open)
      Wait();
  }
}

void WorkShare::Try(const std::string& item, const std::function<void()>& run) {
  claims_.Refresh();
  writer_->Refresh();
  RequireNotJoined();
  if (!writer_->IsStored(item) && claims_.OwnerOf(item) != Claims::Owner::kAlive && Claim(item)) RunClaimed(item, run);
}

void WorkShare::Join(const std::function<void()>& join) {
  // Others wait meanwhile: a slow process leaves it to them, if they look within a while.
  const auto since = std::chrono::steady_clock::now();
  while (Seconds(since) < 1.5 * kLongestWait && claims_.AFasterOneWaits()) {
    claims_.Refresh();
    RequireNotJoined();
    if (claims_.OwnerOf(kJoin) == Claims::Owner::kAlive) break;
    Wait();
  }
  for (;;) {
    claims_.Refresh();
    RequireNotJoined();
    if (claims_.OwnerOf(kJoin) != Claims::Owner::kAlive && Claim(kJoin)) return RunClaimed(kJoin, join);
    Wait();
  }
}

void WorkShare::Wait() {
  claims_.Waiting();
  if (waits_ == 5 && !options_.quiet)
    fmt::print(stderr, "skipbench: waiting for what other processes have in flight (skipbench status says what)\n");
  const double seconds = std::min(kLongestWait, kFirstWait * (1 << std::min(waits_, 6)));
  ++waits_;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace skipbench
