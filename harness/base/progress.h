// One line on stderr that says how far a long job is and how long it will still take.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace skipbench {

// On a terminal the line is rewritten a few times a second; elsewhere (a log, CI) a new line is written every 10
// seconds.
class Progress {
 public:
  explicit Progress(std::string what, bool quiet = false);
  ~Progress();  // ends the line
  // `done` of `total` units; the remaining time follows from the pace so far. `note` is appended.
  void Update(double done, double total, const std::string& note = "");
  void Finish();

 private:
  void Write(const std::string& line);
  std::string what_;
  bool quiet_, terminal_, open_line_ = false, finished_ = false;
  double last_done_ = 0, last_total_ = 0, first_done_ = -1;
  std::chrono::steady_clock::time_point start_, last_;
};

// "45 s", "3 min 20 s", "2 h 05 min".
std::string FormatDuration(double seconds);

}  // namespace skipbench
