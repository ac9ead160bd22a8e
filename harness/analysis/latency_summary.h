// Latency of a setting alone, from the repeats of latency mode.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "harness/store/records.h"

namespace skipbench {

// Seconds are of one sample: of a repeat divided by the batch.
struct LatencySummary {
  double seconds = 0;                   // median over the repeats
  double min = 0, max = 0;              // of the repeats
  std::optional<double> speed_up = {};  // the reference's median divided by this one; same batch and threads
  // 95 % interval of the speed-up: of the ratio of geometric means, by Welch's t test on the logarithms. Absent with
  // less than two repeats on either side.
  std::optional<double> speed_up_low = {}, speed_up_high = {};
  std::optional<double> peak_memory_bytes = {};
  std::string peak_memory_kind = {};
  int batch = 0, threads = 0;
  int64_t repeats = 0;
  std::optional<double> busy_elsewhere = {};  // processors that other processes kept busy meanwhile
  std::optional<double> measured_at = {};     // seconds since 1970 (UTC)

  // The repeats differ too much for a machine that did nothing else.
  bool uneven() const;
  // Faster than the saved multiply-accumulates allow: `macs_ratio` is what is left of them. The reference was measured
  // while the machine was busy.
  bool impossible(double macs_ratio) const;
};

// The first of the setting's measurements that worked; nothing without one, and then `message`, if it is given, becomes
// why. `reference`: index of what the speed-up is against; -1: nothing.
std::optional<LatencySummary> SummarizeLatency(std::span<const LatencyRecord> records, size_t setting, int reference,
                                               std::string* message = nullptr);

}  // namespace skipbench
