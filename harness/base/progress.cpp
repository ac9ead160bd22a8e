#include "harness/base/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace skipbench {
namespace {

constexpr double kTerminalSeconds = 0.2, kLogSeconds = 60;  // between two lines
constexpr double kShortestWindow = 60;                      // seconds of work that a pace is taken from, at least
constexpr double kFirstSeconds = 1;                         // before them a pace says nothing
constexpr int kBar = 24;

// Columns of the terminal behind stderr.
size_t Columns() {
  winsize size{};
  return ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::string FormatDuration(double seconds) {
  const int64_t s = std::llround(seconds);
  if (seconds > 0 && s == 0) return "under 1 s";
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
}

std::string ProgressBar(double share, int width) {
  const int full = static_cast<int>(std::floor(std::clamp(share, 0.0, 1.0) * width));
  return "[" + std::string(static_cast<size_t>(full), '#') + std::string(static_cast<size_t>(width - full), '-') + "]";
}

void Pace::Add(double seconds, double done) {
  // A few hundred points are enough for a window's edge.
  if (points_.size() > 1 && seconds - points_[points_.size() - 2].first < seconds / 256) points_.pop_back();
  points_.emplace_back(seconds, done);
  const double from = seconds - std::max(kShortestWindow, seconds / 3);
  while (points_.size() > 2 && points_[1].first <= from) points_.pop_front();
}

std::optional<double> Pace::Left(double total) const {
  if (points_.size() < 2) return std::nullopt;
  const auto& [begin, before] = points_.front();
  const auto& [now, done] = points_.back();
  if (!(done > before) || now - begin < kFirstSeconds) return std::nullopt;
  return (now - begin) / (done - before) * std::max(0.0, total - done);
}

Progress::Progress(std::string what, bool quiet)
    : what_(std::move(what)), quiet_(quiet), terminal_(isatty(2)), start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { Finish(); }

void Progress::Update(double done, double total, const std::string& note) {
  if (quiet_) return;
  if (first_done_ < 0) {
    // The pace counts from here: what a resumed run found done costs nothing.
    first_done_ = done;
    start_ = std::chrono::steady_clock::now();
  }
  last_done_ = done;
  last_total_ = total;
  pace_.Add(SecondsSince(start_), done);
  // The first line of a log tells that there is something to wait for; a terminal shows the bar at once.
  const double wait = terminal_ ? kTerminalSeconds : kLogSeconds;
  if (SecondsSince(written_.value_or(start_)) < (written_ || terminal_ ? wait : kFirstSeconds)) return;
  written_ = std::chrono::steady_clock::now();
  Write(Line(done, total, note));
}

std::string Progress::Line(double done, double total, const std::string& note) const {
  const double share = total > 0 ? done / total : 1;
  std::string line = what_ + (terminal_ ? " " + ProgressBar(share, kBar) : ":") + fmt::format(" {:.0f} %", 100 * share);
  if (const auto left = pace_.Left(total)) line += ", " + FormatDuration(*left) + " left";
  if (!note.empty()) line += ", " + note;
  // A longer line would be broken, and its first part stay behind.
  if (terminal_ && line.size() >= Columns()) {
    size_t end = std::max<size_t>(1, Columns() - 1);
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    line.resize(end);
  }
  return line;
}

void Progress::Write(const std::string& line) {
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    open_line_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

void ClearBar() {
  if (isatty(2)) fmt::print(stderr, "\r\033[K");
}

void Progress::Finish() {
  if (finished_ || quiet_) return;
  finished_ = true;
  if (open_line_) fmt::print(stderr, "\r\033[K");
  if (first_done_ >= 0)
    fmt::print(stderr, "{}: {:.0f} of {:.0f} in {}\n", what_, last_done_, last_total_,
               FormatDuration(SecondsSince(start_)));
  std::fflush(stderr);
}

}  // namespace skipbench
