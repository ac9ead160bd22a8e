// Where the time of a run goes: operators of the networks with their multiply-accumulates, ATen's operators, stages.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace skipbench {

// Records ranges of this process from construction to destruction; there is one at a time.
//
// An operator is counted where it is the outermost one: what a linear layer calls of ATen is the linear layer's time.
// It belongs to the innermost stage that is open. On a GPU every operator is waited for, so that its time is its own;
// without a profiler nothing waits.
class Profiler {
 public:
  struct Row {
    std::string stage;                                  // "denoiser"; "" outside of all stages
    std::string name;                                   // "linear", "aten::add"; "": the stage itself
    c10::ScalarType type = c10::ScalarType::Undefined;  // of its numbers, where something says it
    int64_t calls = 0;
    double seconds = 0;
    int64_t macs = 0;  // multiply-accumulates of products; 0 where there are none or nothing counts them
  };

  // `trace_limit`: ranges that are kept for the trace, the first ones; the rows count all.
  explicit Profiler(c10::Device device, int64_t trace_limit = 200'000);
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  static bool active();
  // Sorted by time, longest first.
  std::vector<Row> Rows() const;
  // Ranges that the trace has no room for.
  int64_t left_out_of_trace() const;
  // Trace event format, as ui.perfetto.dev and chrome://tracing open it. Throws Error.
  void WriteTrace(const std::filesystem::path& path) const;

  struct Recorder;

 private:
  std::unique_ptr<Recorder> recorder_;
};

enum class RangeKind {
  kStage,     // of a run
  kOperator,  // work of a network, a scheduler or a criterion
  kMark,      // of the trace only
};

// The operator that makes fewer multiply-accumulates than are counted for it (nn/cpu/winograd.h).
inline constexpr const char* kWinogradConv = "conv2d (winograd)";

// One stretch of time on this thread, from construction to destruction; costs a look at one flag without a profiler.
class ProfiledRange {
 public:
  ProfiledRange(RangeKind kind, const char* name) : ProfiledRange(kind, name, c10::ScalarType::Undefined, 0) {}
  ProfiledRange(RangeKind kind, const char* name, c10::ScalarType type, int64_t macs);
  ~ProfiledRange();
  void Add(int64_t macs);  // to those that the constructor was told
  ProfiledRange(const ProfiledRange&) = delete;
  ProfiledRange& operator=(const ProfiledRange&) = delete;

 private:
  bool recorded_;
};

}  // namespace skipbench
