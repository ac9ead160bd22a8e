#include "harness/experiment/run/profile.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <algorithm>
#include <functional>

#include "harness/experiment/config/config.h"
#include "harness/nn/cpu/packed.h"
#include "harness/runtime/timer.h"

namespace skipbench {

namespace {

constexpr const char* kElsewhere = "elsewhere";

double BestSeconds(c10::Device device, const std::function<void()>& work) {
  constexpr int kRuns = 6;
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    Stopwatch watch(device);
    watch.Start();
    work();
    watch.Stop();
    const double seconds = watch.seconds();
    if (run > 0 && (best == 0 || seconds < best)) best = seconds;  // the first one wakes threads and takes memory
  }
  return best;
}

Profile::Line MakeLine(const Profiler::Row& row, const Profile& profile) {
  Profile::Line line = {.row = row};
  if (profile.seconds > 0) line.share = row.seconds / profile.seconds;
  if (row.macs > 0 && row.seconds > 0) line.rate = static_cast<double>(row.macs) / row.seconds;
  const auto peak = profile.peaks.find(row.type);
  if (peak != profile.peaks.end() && peak->second > 0) line.of_peak = line.rate / peak->second;
  return line;
}

}  // namespace

std::string TypeName(c10::ScalarType type) { return type == c10::ScalarType::Undefined ? "" : DtypeName(type); }

double MeasurePeak(c10::Device device, c10::ScalarType type) {
  const c10::InferenceMode inference;
  const int64_t rows = device.is_cpu() ? 512 : 8192, depth = device.is_cpu() ? 1024 : 8192, columns = depth;
  const auto options = at::TensorOptions(device).dtype(type);
  const at::Tensor x = at::ones({rows, depth}, options), w = at::ones({columns, depth}, options);
  double seconds = BestSeconds(device, [&] { at::mm(x, w.t()); });
  if (device.is_cpu()) {
    const PackedLinear own({w}, {});
    seconds = std::min(seconds, BestSeconds(device, [&] { own.Forward(x); }));
  }
  return static_cast<double>(rows * depth * columns) / seconds;
}

Profile MakeProfile(const std::vector<Profiler::Row>& rows, double seconds,
                    const std::map<c10::ScalarType, double>& peaks) {
  Profile profile = {.seconds = seconds, .peaks = peaks};
  std::vector<Profiler::Row> stages;
  double outside = seconds;
  for (const auto& row : rows) {
    if (!row.name.empty()) continue;
    stages.push_back(row);
    outside -= row.seconds;
  }
  stages.push_back({.seconds = std::max(outside, 0.0)});  // what is in no stage
  for (const auto& stage : stages) {
    profile.lines.push_back(MakeLine(stage, profile));
    Profiler::Row left = {.stage = stage.stage, .name = kElsewhere, .seconds = stage.seconds};
    int64_t macs = 0;
    const size_t first = profile.lines.size();
    for (const auto& row : rows) {
      if (row.name.empty() || row.stage != stage.stage) continue;
      profile.lines.push_back(MakeLine(row, profile));
      left.seconds -= row.seconds;
      macs += row.macs;
    }
    profile.lines[first - 1].row.macs = macs;
    left.seconds = std::max(left.seconds, 0.0);
    if (profile.lines.size() > first) profile.lines.push_back(MakeLine(left, profile));
  }
  return profile;
}

Json ProfileJson(const Profile& profile) {
  Json operators = Json::array();
  for (const auto& line : profile.lines)
    operators.push_back({{"stage", line.row.stage},
                         {"operator", line.row.name},
                         {"type", TypeName(line.row.type)},
                         {"calls", line.row.calls},
                         {"seconds", line.row.seconds},
                         {"macs", line.row.macs},
                         {"share_of_peak", line.of_peak}});
  Json peaks = Json::object();
  for (const auto& [type, peak] : profile.peaks) peaks[TypeName(type)] = peak;
  return {{"seconds", profile.seconds}, {"peak_macs_per_second", peaks}, {"operators", std::move(operators)}};
}

}  // namespace skipbench
