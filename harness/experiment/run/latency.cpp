#include "harness/experiment/run/latency.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "harness/runtime/device.h"
#include "harness/runtime/other_load.h"
#include "harness/runtime/timer.h"
#include "harness/sampling/trajectory_tree.h"

namespace skipbench {
namespace {

// One sample from caption to picture with one setting; seconds by stage.
std::map<std::string, double> RunOnce(const Plan& plan, const PlannedSetting& setting, int64_t ordinal) {
  StageTimer timer(plan.device);
  const std::span<const Sample> sample(&plan.samples[ordinal], 1);
  std::unique_ptr<Denoiser> denoiser;
  {
    auto stage = timer.Enter("text_encoder");
    denoiser = plan.Encode(sample, setting.guidance, false);
  }
  const auto stream = plan.OpenNoise(ordinal);
  TreeResult result;
  {
    auto stage = timer.Enter("denoiser");
    result = plan.Run(*setting.scheduler, *denoiser, {{sample[0].id, stream.get()}}, {setting.method.get()}, {});
  }
  {
    auto stage = timer.Enter("decoder");
    plan.Decode(result.records[0][0].final_latent.unsqueeze(0));
  }
  auto seconds = timer.Seconds();
  double total = 0;
  for (const auto& [stage, s] : seconds) total += s;
  seconds["total"] = total;
  return seconds;
}

// Seconds of fixed work that has nothing to do with the models: what the machine could do at this moment. Products of
// matrices that fit the cache, on all threads, some 10 ms on a laptop.
double Calibrate(at::Device device) {
  static const at::Tensor a = at::ones({512, 512}, at::TensorOptions().device(device)) / 512;
  const auto start = std::chrono::steady_clock::now();
  at::Tensor b = a;
  for (int i = 0; i < 8; ++i) b = at::mm(a, b);
  Synchronize(device);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Measure(const Plan& plan, int64_t ordinal, bool keep, LatencyRecord* record) {
  const double before = Calibrate(plan.device);
  malloc_trim(0);  // memory freed by the run before would hide this one's growth
  Synchronize(plan.device);
  PeakMemory peak(plan.device);
  const auto seconds = RunOnce(plan, plan.settings[record->setting], ordinal);
  if (keep)
    for (const auto& [stage, s] : seconds) record->stage_s[stage].push_back(s);
  record->peak_memory_kind = peak.kind();
  if (const auto bytes = peak.Bytes())
    record->peak_memory_bytes = std::fmax(record->peak_memory_bytes, static_cast<double>(*bytes));
  if (keep) record->stage_s["calibration"].push_back((before + Calibrate(plan.device)) / 2);
}

}  // namespace

std::vector<LatencyRecord> MeasureLatency(const Plan& plan, const std::function<void(int64_t, int64_t)>& progress) {
  c10::InferenceMode inference;
  const LatencyConfig& config = plan.config.latency;
  std::vector<LatencyRecord> records;
  for (size_t k = 0; k < plan.settings.size(); ++k) {
    if (!plan.settings[k].supported) continue;
    LatencyRecord record;
    record.setting = static_cast<int>(k);
    record.threads = at::get_num_threads();
    record.peak_memory_bytes = std::numeric_limits<double>::quiet_NaN();
    records.push_back(std::move(record));
  }
  const int64_t samples = std::min<int64_t>(config.samples, std::ssize(plan.samples));
  const int64_t total = samples * (config.warmup + config.repeats) * std::ssize(records);
  int64_t done = 0;
  const OtherLoad others;
  for (int64_t s = 0; s < samples; ++s)
    for (int repeat = -config.warmup; repeat < config.repeats; ++repeat)
      for (auto& record : records) {
        if (record.status == Status::kDone) {
          try {
            Measure(plan, s, repeat >= 0, &record);
          } catch (const Error& e) {
            record.status = Status::kFailed;
            record.message = e.what();
          }
        }
        if (progress) progress(++done, total);
      }
  // Settings take turns: what was busy meanwhile was so for all of them.
  for (auto& record : records) {
    record.measured_at = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    if (const auto busy = others.BusyProcessors()) record.busy_elsewhere = *busy;
  }
  return records;
}

}  // namespace skipbench
