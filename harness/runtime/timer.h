// Wall time per stage, and ranges for a profiler.
#pragma once

#include <c10/core/Device.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/runtime/profiler.h"

namespace skipbench {

// A named range on a profiler's timeline, NVTX's (Nsight Systems shows it) and Profiler's, from construction to
// destruction. Costs a few nanoseconds where no profiler watches.
class TraceRange {
 public:
  explicit TraceRange(const char* name, RangeKind kind = RangeKind::kMark);
  TraceRange(const char* name, int index);  // "name 7"
  ~TraceRange();
  TraceRange(const TraceRange&) = delete;
  TraceRange& operator=(const TraceRange&) = delete;

 private:
  ProfiledRange range_;
};

// Times one stretch of work at a time. On a GPU the times are those of events on the current stream: start and stop do
// not wait for the device, seconds() does.
class Stopwatch {
 public:
  explicit Stopwatch(c10::Device device);
  ~Stopwatch();
  void Start();
  void Stop();
  // Between the last Start and Stop, in seconds.
  double seconds() const;

 private:
  struct Events;
  c10::Device device_;
  std::chrono::steady_clock::time_point start_, stop_;
  std::unique_ptr<Events> events_;  // GPU only
};

// Adds up the time spent in each stage of a run ("text_encoder", "denoiser", "decoder"), entered any number of times.
//
//   StageTimer timer(device);
//   { auto stage = timer.Enter("denoiser"); ... }
//   timer.Seconds().at("denoiser")
//
// Each stage is a TraceRange too.
class StageTimer {
 public:
  class Stage {
   public:
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

   private:
    friend class StageTimer;
    Stage(Stopwatch& watch, const char* name);
    TraceRange range_;
    Stopwatch& watch_;
  };

  explicit StageTimer(c10::Device device) : device_(device) {}
  // `name` must outlive the stage (a literal).
  [[nodiscard]] Stage Enter(const char* name);
  // Waits for the device (once), returns seconds by stage, and forgets them.
  std::map<std::string, double> Seconds();

 private:
  c10::Device device_;
  std::vector<std::pair<std::string, std::unique_ptr<Stopwatch>>> watches_;
};

}  // namespace skipbench
