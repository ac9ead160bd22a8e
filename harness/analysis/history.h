// What became of the settings of an experiment over results of several commits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/stats/change_points.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct HistoryOptions {
  double level = 0.95;  // that no change is named where there is none, over all series together
};

// One result.
struct Version {
  std::string name;    // its folder or file
  std::string commit;  // "0123456789ab", with "+" where it was modified; "" if unknown
  int64_t samples = 0;
  // Why it cannot be compared with the result before; empty: it can. No change is looked for across such a place.
  std::vector<std::string> other = {};
  // Settings that are called as others in the result before (CalledTheSame); of these no change is looked for either.
  std::string renamed = {};
};

enum class Quantity { kQuality, kCost, kSpeed };

// One quantity of one setting.
struct Series {
  std::string setting;
  std::string name;  // "psnr", "nfe", "latency"
  std::string title, unit;
  Quantity quantity = Quantity::kQuality;
  std::optional<bool> higher_is_better = {};
  bool reference = false;                     // of a full run, whose distances to itself say nothing
  std::vector<std::optional<double>> values;  // of each version; nothing: it has none
  std::vector<int64_t> samples;               // behind each value
  std::vector<ChangePoint> changes;           // `at`: index of a version; p: 0 for costs, which are exact
};

struct History {
  std::vector<Version> versions;  // as given: the oldest first
  std::vector<Series> series;     // by setting, in the order of the first result that has it
  double level = 0.95;
};

// Change points: of metrics of single samples by PairedChanges over the samples that all results of a stretch have (a
// value above the metric's ceiling counts as that); of costs wherever the mean over the same samples differs at all; of
// latencies by SeriesChanges of their logarithms, the machine's speed taken out where every result measured it. All
// tested series share the level (Bonferroni).
History MakeHistory(const std::vector<ResultReader>& results, const std::vector<std::string>& names,
                    const HistoryOptions& options = {});

}  // namespace skipbench
