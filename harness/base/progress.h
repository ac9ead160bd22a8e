// How far a long job is and how long it will still take, on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace skipbench {

// What is left of a job, from the pace at which it went lately.
class Pace {
 public:
  // `done` units after `seconds`; both only grow.
  void Add(double seconds, double done);
  // Seconds that `total - done` units will take; nothing before the pace is known. The pace is that of the last third
  // of the time so far (of the last minute at least, and of all of it before): a machine that others slow down, or no
  // longer do, is believed soon, and a single slow unit is not.
  std::optional<double> Left(double total) const;

 private:
  std::deque<std::pair<double, double>> points_;  // seconds, units
};

// On a terminal a bar that is redrawn a few times a second; elsewhere (a log, CI) a line at once and then every minute.
class Progress {
 public:
  explicit Progress(std::string what, bool quiet = false);
  ~Progress();  // ends the line
  // `done` of `total` units; the remaining time follows from the pace. `note` is appended.
  void Update(double done, double total, const std::string& note = "");
  void Finish();

 private:
  std::string Line(double done, double total, const std::string& note) const;
  void Write(const std::string& line);
  std::string what_;
  bool quiet_, terminal_, open_line_ = false, finished_ = false;
  double last_done_ = 0, last_total_ = 0, first_done_ = -1;
  std::chrono::steady_clock::time_point start_;
  std::optional<std::chrono::steady_clock::time_point> written_;
  Pace pace_;
};

// Before another line on the standard error: takes a bar away that stands there, on a terminal.
void ClearBar();

// "[########----------------]": `share` in [0, 1] of `width` signs.
std::string ProgressBar(double share, int width);

// "45 s", "3 min 20 s", "2 h 05 min".
std::string FormatDuration(double seconds);

}  // namespace skipbench
