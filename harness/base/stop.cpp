#include "harness/base/stop.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstring>
#include <map>

#include "harness/base/error.h"
#include "harness/base/progress.h"

namespace skipbench {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGUSR1, SIGINT, SIGHUP};
constexpr double kTick = 0.05;      // seconds between two looks at the work in flight
constexpr double kBounce = 0.3;     // SIGINTs nearer than this are one: a terminal and a launcher both send it
constexpr double kTooEarly = 0.05;  // a smaller part of the work says nothing of the rest

// Where the handler writes, and the process that it is the handler of: children that are forked have it too.
std::atomic<int> handler_pipe{-1};
std::atomic<pid_t> handler_process{0};
struct sigaction previous[4];

void Handle(int signal) {
  const int error = errno;
  const auto number = static_cast<unsigned char>(signal);
  if (getpid() == handler_process) [[maybe_unused]]
    const ssize_t written = write(handler_pipe, &number, 1);
  errno = error;
}

std::string NameOf(int signal) { return fmt::format("SIG{}", sigabbrev_np(signal)); }

void Unblock() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals) sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

void WorkEstimate::Begin(double units, double now) {
  units_ = units;
  begun_ = reported_ = now;
  fraction_ = 0;
}

void WorkEstimate::Report(double fraction, double now) {
  fraction_ = std::clamp(fraction, 0.0, 1.0);
  reported_ = now;
}

void WorkEstimate::End(double now) {
  if (units_ <= 0) return;
  seconds_a_unit_ = (now - begun_) / units_;
  rest_a_unit_ = fraction_ > 0 ? (now - reported_) / units_ : 0;
}

std::optional<double> WorkEstimate::Left(double now) const {
  if (units_ <= 0) return std::nullopt;
  const double rest = rest_a_unit_.value_or(0) * units_;
  if (fraction_ >= (seconds_a_unit_ ? 0.2 : kTooEarly)) {
    const double whole = (reported_ - begun_) / fraction_ + rest;
    return std::max(0.0, begun_ + whole - now);
  }
  if (seconds_a_unit_) return std::max(0.0, begun_ + *seconds_a_unit_ * units_ - now);
  return std::nullopt;
}

double ParseDuration(const std::string& text, const std::string& what) {
  static const std::map<std::string, double> units = {{"", 1},   {"ms", 1e-3}, {"s", 1},
                                                      {"m", 60}, {"min", 60},  {"h", 3600}};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = units.find(std::string(end, text.data() + text.size()));
  if (error != std::errc() || unit == units.end() || !std::isfinite(value) || value < 0)
    Fail("{}: expected a time such as 60s, 5m or 1h, found \"{}\"", what, text);
  return value * unit->second;
}

StopRequests::StopRequests(double grace_s, std::function<void(const std::string&, bool)> farewell)
    : grace_s_(grace_s), farewell_(std::move(farewell)) {
  if (handler_process == getpid()) Fail("signals are taken already in this process");
  if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) Fail("no pipe can be opened: {}", std::strerror(errno));
  handler_pipe = pipe_[1];
  handler_process = getpid();
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    struct sigaction action {};
    action.sa_handler = Handle;
    action.sa_flags = SA_RESTART;
    sigaction(kSignals[i], nullptr, &previous[i]);
    const bool stays = previous[i].sa_handler == SIG_IGN && (kSignals[i] == SIGINT || kSignals[i] == SIGHUP);
    if (!stays) sigaction(kSignals[i], &action, nullptr);
  }
  watcher_ = std::thread([this] { Watch(); });
  Unblock();
}

StopRequests::~StopRequests() {
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &previous[i], nullptr);
  constexpr unsigned char kEnd = 0;
  while (write(pipe_[1], &kEnd, 1) < 0 && errno == EINTR) {
  }
  watcher_.join();
  handler_process = 0;
  handler_pipe = -1;
  close(pipe_[0]);
  close(pipe_[1]);
}

double StopRequests::Now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - zero_).count();
}

void StopRequests::Watch() {
  for (;;) {
    bool waiting = false;
    {
      const std::lock_guard lock(mutex_);
      if (MustEnd()) EndNow();
      waiting = !signal_.empty();
    }
    pollfd readable{pipe_[0], POLLIN, 0};
    if (poll(&readable, 1, waiting ? static_cast<int>(kTick * 1000) : -1) <= 0) continue;
    unsigned char number = 0;
    if (read(pipe_[0], &number, 1) != 1) continue;
    if (number == 0) return;
    const std::lock_guard lock(mutex_);
    TakeSignal(number);
  }
}

void StopRequests::TakeSignal(int signal) {
  const double now = Now();
  if (!signal_.empty()) {
    if (signal == SIGINT && now - asked_at_ > kBounce) again_ = true;
    return;
  }
  signal_ = NameOf(signal);
  asked_at_ = now;
  if (!working_ || finishing_) return;
  const auto left = estimate_.Left(now);
  if (left && *left > grace_s_) return;
  ClearBar();
  fmt::print(stderr, "skipbench: {}: stopping after what is in flight{}, or after {} at the latest{}\n", signal_,
             left ? fmt::format(" (about {})", FormatDuration(*left)) : "", FormatDuration(grace_s_),
             signal == SIGINT ? "; once more stops at once" : "");
}

// What is asked for, and nothing to wait for, or no longer.
bool StopRequests::MustEnd() {
  if (signal_.empty()) return false;
  if (again_) return true;
  if (finishing_) return false;
  if (!working_) return true;
  const double now = Now(), deadline = asked_at_ + grace_s_;
  const auto left = estimate_.Left(now);
  return now >= deadline || (left && now + *left > deadline);
}

// By the watching thread, with the mutex held: the job's thread cannot go on to something new.
void StopRequests::EndNow() {
  if (before_end_) before_end_();
  if (!said_) farewell_(signal_, working_);
  std::fflush(stderr);
  _exit(kStoppedExit);
}

void StopRequests::Enter(double units) {
  const std::lock_guard lock(mutex_);
  working_ = true;
  estimate_.Begin(units, Now());
}

void StopRequests::Report(double fraction) {
  const std::lock_guard lock(mutex_);
  estimate_.Report(fraction, Now());
}

void StopRequests::Leave(bool last) {
  const std::lock_guard lock(mutex_);
  if (working_) estimate_.End(Now());
  if (last || signal_.empty()) {
    working_ = false;
    return;
  }
  // Still at work for the watching thread, which would end the process: the job unwinds.
  finishing_ = said_ = true;
  farewell_(signal_, /*gives_up=*/false);
  throw Stopped{signal_};
}

void StopRequests::Finishing() {
  const std::lock_guard lock(mutex_);
  finishing_ = true;
}

void StopRequests::BeforeEnd(std::function<void()> last) {
  const std::lock_guard lock(mutex_);
  before_end_ = std::move(last);
}

bool StopRequests::asked() {
  const std::lock_guard lock(mutex_);
  return !signal_.empty();
}

}  // namespace skipbench
