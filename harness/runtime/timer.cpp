#include "harness/runtime/timer.h"

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>

#ifdef SKIPBENCH_NVTX
#include <nvtx3/nvToolsExt.h>
#endif

namespace skipbench {

namespace {
#ifdef SKIPBENCH_NVTX
void PushNvtx(const char* name) { nvtxRangePushA(name); }
void PopNvtx() { nvtxRangePop(); }
constexpr bool kNvtx = true;
#else
void PushNvtx(const char*) {}
void PopNvtx() {}
constexpr bool kNvtx = false;
#endif
std::string Numbered(const char* name, int index) {
  return kNvtx || Profiler::active() ? fmt::format("{} {}", name, index) : "";
}
}  // namespace

TraceRange::TraceRange(const char* name, RangeKind kind) : range_(kind, name) { PushNvtx(name); }
TraceRange::TraceRange(const char* name, int index) : TraceRange(Numbered(name, index).c_str()) {}
TraceRange::~TraceRange() { PopNvtx(); }

// BACKEND_DEFAULT: with timing (LibTorch's own default leaves it out).
struct Stopwatch::Events {
  explicit Events(c10::DeviceType type)
      : start(type, c10::EventFlag::BACKEND_DEFAULT), stop(type, c10::EventFlag::BACKEND_DEFAULT) {}
  c10::Event start, stop;
};

namespace {

c10::Stream CurrentStream(c10::Device device) { return c10::impl::VirtualGuardImpl(device.type()).getStream(device); }

}  // namespace

Stopwatch::Stopwatch(c10::Device device) : device_(device) {
  if (!device.is_cpu()) events_ = std::make_unique<Events>(device.type());
}
Stopwatch::~Stopwatch() = default;

void Stopwatch::Start() {
  if (events_) events_->start.record(CurrentStream(device_));
  start_ = stop_ = std::chrono::steady_clock::now();
}

void Stopwatch::Stop() {
  if (events_) events_->stop.record(CurrentStream(device_));
  stop_ = std::chrono::steady_clock::now();
}

double Stopwatch::seconds() const {
  if (events_) {
    if (!events_->stop.was_marked_for_recording()) return 0;
    events_->stop.synchronize();
    return events_->start.elapsedTime(events_->stop) * 1e-3;
  }
  return std::chrono::duration<double>(stop_ - start_).count();
}

StageTimer::Stage::Stage(Stopwatch& watch, const char* name) : range_(name, RangeKind::kStage), watch_(watch) {
  watch_.Start();
}
StageTimer::Stage::~Stage() { watch_.Stop(); }

StageTimer::Stage StageTimer::Enter(const char* name) {
  watches_.emplace_back(name, std::make_unique<Stopwatch>(device_));
  return Stage(*watches_.back().second, name);
}

std::map<std::string, double> StageTimer::Seconds() {
  std::map<std::string, double> seconds;
  for (const auto& [name, watch] : watches_) seconds[name] += watch->seconds();
  watches_.clear();
  return seconds;
}

}  // namespace skipbench
