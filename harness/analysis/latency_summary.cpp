#include "harness/analysis/latency_summary.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/stats/quantile.h"
#include "harness/stats/time_ratio.h"

namespace skipbench {
namespace {

constexpr double kUneven = 2;             // slowest over fastest repeat
constexpr double kSurely = 1.1;           // the interval's lower end over what the saved work allows
constexpr double kBeyondAnyNoise = 1.25;  // the same of the speed-up itself

// Seconds of one sample in each repeat; empty: there are none, or one that is no time.
std::vector<double> SecondsOf(const LatencyRecord& record) {
  const auto total = record.stage_s.find("total");
  if (record.status != Status::kDone || total == record.stage_s.end()) return {};
  std::vector<double> seconds;
  for (const double one : total->second) seconds.push_back(one / record.batch);
  return seconds;
}

void AddSpeedUp(const std::vector<double>& own, const std::vector<double>& base, LatencySummary* summary) {
  if (const double median = Median(base); summary->seconds > 0) summary->speed_up = median / summary->seconds;
  const auto is_time = [](double seconds) { return std::isfinite(seconds) && seconds > 0; };
  if (!std::ranges::all_of(own, is_time) || !std::ranges::all_of(base, is_time)) return;
  const TimeRatio ratio = CompareTimes(own, base);
  if (!std::isfinite(ratio.low) || !std::isfinite(ratio.high)) return;
  summary->speed_up_low = ratio.low;
  summary->speed_up_high = ratio.high;
}

}  // namespace

bool LatencySummary::uneven() const { return min > 0 && max > kUneven * min; }

bool LatencySummary::impossible(double macs_ratio) const {
  if (!speed_up || !(macs_ratio > 0)) return false;
  const double allowed = 1 / macs_ratio;
  return *speed_up > kBeyondAnyNoise * allowed || (speed_up_low && *speed_up_low > kSurely * allowed);
}

std::optional<LatencySummary> SummarizeLatency(std::span<const LatencyRecord> records, size_t setting, int reference,
                                               std::string* message) {
  for (const auto& record : records) {
    if (record.setting != static_cast<int>(setting)) continue;
    const auto seconds = SecondsOf(record);
    if (message) *message = seconds.empty() ? record.message : "";
    if (seconds.empty()) continue;
    LatencySummary summary{.seconds = Median(seconds),
                           .min = std::ranges::min(seconds),
                           .max = std::ranges::max(seconds),
                           .peak_memory_kind = record.peak_memory_kind,
                           .batch = record.batch,
                           .threads = record.threads,
                           .repeats = std::ssize(seconds)};
    if (std::isfinite(record.busy_elsewhere)) summary.busy_elsewhere = record.busy_elsewhere;
    if (record.measured_at > 0) summary.measured_at = record.measured_at;
    if (std::isfinite(record.peak_memory_bytes)) summary.peak_memory_bytes = record.peak_memory_bytes;
    for (const auto& other : records)
      if (other.setting == reference && other.batch == record.batch && other.threads == record.threads &&
          !summary.speed_up)
        if (const auto base = SecondsOf(other); !base.empty()) AddSpeedUp(seconds, base, &summary);
    // What is held against itself has no doubt about it.
    if (static_cast<int>(setting) == reference) summary.speed_up_low = summary.speed_up_high = std::nullopt;
    return summary;  // the first that worked; others have other batches
  }
  return std::nullopt;
}

}  // namespace skipbench
