#include "harness/base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace skipbench {

std::string FormatDuration(double seconds) {
  const int64_t s = std::llround(seconds);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
}

Progress::Progress(std::string what, bool quiet)
    : what_(std::move(what)),
      quiet_(quiet),
      terminal_(isatty(2)),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() { Finish(); }

void Progress::Update(double done, double total, const std::string& note) {
  if (quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  if (first_done_ < 0) {
    // The pace counts from here: what a resumed run found done costs nothing.
    first_done_ = done;
    start_ = now;
  }
  last_done_ = done;
  last_total_ = total;
  if (std::chrono::duration<double>(now - last_).count() < (terminal_ ? 0.2 : 10.0)) return;
  last_ = now;
  std::string line = fmt::format("{}: {:.0f} %", what_, total > 0 ? 100 * done / total : 100.0);
  const double passed = std::chrono::duration<double>(now - start_).count();
  if (done > first_done_ && passed > 1)
    line += ", " + FormatDuration(passed / (done - first_done_) * (total - done)) + " left";
  if (!note.empty()) line += ", " + note;
  Write(line);
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

void Progress::Finish() {
  if (finished_ || quiet_) return;
  finished_ = true;
  if (open_line_) fmt::print(stderr, "\r\033[K");
  const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (first_done_ >= 0)
    fmt::print(stderr, "{}: {:.0f} of {:.0f} in {}\n", what_, last_done_, last_total_, FormatDuration(passed));
  std::fflush(stderr);
}

}  // namespace skipbench
