#include "harness/runtime/profiler.h"

#include <ATen/record_function.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <tuple>

#include "harness/base/error.h"

namespace skipbench {

using Clock = std::chrono::steady_clock;

namespace {

struct Frame {
  int recorder;  // its number
  RangeKind kind;
  std::string name;
  c10::ScalarType type;
  int64_t macs;
  Clock::time_point begin;
};

// Open ranges of this thread, outermost first.
thread_local std::vector<Frame> frames;
std::atomic<Profiler::Recorder*> current = nullptr;

}  // namespace

struct Profiler::Recorder {
  struct Event {
    std::string name;
    int thread;
    double begin_us, us;
    int64_t macs;
  };
  using Key = std::tuple<std::string, std::string, c10::ScalarType>;  // stage, name, type

  Recorder(c10::Device device, int64_t trace_limit) : device(device), trace_limit(trace_limit) {}

  void Open(RangeKind kind, std::string name, c10::ScalarType type, int64_t macs) {
    frames.push_back({number, kind, std::move(name), type, macs, Clock::now()});
  }

  // The innermost range.
  void Close() {
    const bool outermost = Outermost();
    if (outermost && !device.is_cpu()) {
      const c10::impl::VirtualGuardImpl guard(device.type());
      guard.synchronizeStream(guard.getStream(device));
    }
    const Clock::time_point end = Clock::now();
    const Frame frame = std::move(frames.back());
    frames.pop_back();
    const double seconds = std::chrono::duration<double>(end - frame.begin).count();
    const std::lock_guard lock(mutex);
    if (frame.kind == RangeKind::kStage || outermost) {
      const bool stage = frame.kind == RangeKind::kStage;
      Row& row = rows[{stage ? frame.name : StageName(), stage ? "" : frame.name, frame.type}];
      ++row.calls;
      row.seconds += seconds;
      row.macs += frame.macs;
    }
    if (std::ssize(events) < trace_limit)
      events.push_back({frame.name, ThreadNumber(),
                        std::chrono::duration<double, std::micro>(frame.begin - start).count(), seconds * 1e6,
                        frame.macs});
    else
      ++left_out;
  }

  // Whether the innermost range is an operator, and no other one is around it.
  static bool Outermost() {
    const auto is_operator = [](const Frame& frame) { return frame.kind == RangeKind::kOperator; };
    return is_operator(frames.back()) && std::none_of(frames.begin(), frames.end() - 1, is_operator);
  }
  static std::string StageName() {
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
      if (frame->kind == RangeKind::kStage) return frame->name;
    return "";
  }
  int ThreadNumber() {
    thread_local const int number = threads.fetch_add(1);
    return number;
  }

  static inline std::atomic<int> threads = 0, recorders = 0;
  const int number = recorders.fetch_add(1);
  const c10::Device device;
  const int64_t trace_limit;
  const Clock::time_point start = Clock::now();
  at::CallbackHandle callback = 0;
  std::mutex mutex;
  std::map<Key, Row> rows;
  std::vector<Event> events;
  int64_t left_out = 0;
};

namespace {

struct AtenRange : at::ObserverContext {
  explicit AtenRange(const char* name) : range(RangeKind::kOperator, name) {}
  ProfiledRange range;
};

std::unique_ptr<at::ObserverContext> BeginAten(const at::RecordFunction& function) {
  return std::make_unique<AtenRange>(function.name());
}

}  // namespace

Profiler::Profiler(c10::Device device, int64_t trace_limit)
    : recorder_(std::make_unique<Recorder>(device, trace_limit)) {
  Recorder* none = nullptr;
  if (!current.compare_exchange_strong(none, recorder_.get())) Fail("a profiler is recording already");
  recorder_->callback =
      at::addGlobalCallback(at::RecordFunctionCallback(BeginAten).scopes({at::RecordScope::FUNCTION}));
}

Profiler::~Profiler() {
  at::removeCallback(recorder_->callback);
  current = nullptr;
}

bool Profiler::active() { return current.load(std::memory_order_relaxed) != nullptr; }

std::vector<Profiler::Row> Profiler::Rows() const {
  std::vector<Row> rows;
  for (const auto& [key, row] : recorder_->rows) {
    rows.push_back(row);
    std::tie(rows.back().stage, rows.back().name, rows.back().type) = key;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.seconds > b.seconds; });
  return rows;
}

int64_t Profiler::left_out_of_trace() const { return recorder_->left_out; }

void Profiler::WriteTrace(const std::filesystem::path& path) const {
  std::ofstream file(path);
  file << "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [";
  const char* separator = "\n";
  for (const auto& event : recorder_->events) {
    nlohmann::json json = {{"name", event.name},   {"ph", "X"},      {"pid", 0}, {"tid", event.thread},
                           {"ts", event.begin_us}, {"dur", event.us}};
    if (event.macs > 0) json["args"] = {{"macs", event.macs}};
    file << separator << json.dump();
    separator = ",\n";
  }
  file << "\n]}\n";
  file.flush();
  if (!file) Fail("{}: cannot be written: {}", path.string(), std::strerror(errno));
}

ProfiledRange::ProfiledRange(RangeKind kind, const char* name, c10::ScalarType type, int64_t macs)
    : recorded_(Profiler::active()) {
  if (recorded_) current.load()->Open(kind, name, type, macs);
}

void ProfiledRange::Add(int64_t macs) {
  if (recorded_) frames.back().macs += macs;
}

ProfiledRange::~ProfiledRange() {
  if (!recorded_) return;
  Profiler::Recorder* const recorder = current.load();
  if (recorder && recorder->number == frames.back().recorder)
    recorder->Close();
  else
    frames.pop_back();
}

}  // namespace skipbench
