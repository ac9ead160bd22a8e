// Differences between settings on the same samples: far narrower than the difference of two intervals, because what a
// sample has in common with itself cancels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/recorded_actions.h"
#include "harness/measures/measured_value.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// Setting - baseline, of a metric of single samples over those that have a finite value under both, or of a metric of
// sets.
struct MetricDifference {
  std::string name, unit;  // "psnr", "fd_fashion (data)"
  bool of_sets = false;
  double difference = 0;      // NaN without samples
  double low = 0, high = 0;   // 95 % interval; NaN where there is none, as with less than two samples
  double standard_error = 0;  // NaN where there is none
  int64_t count = 0;          // samples
  // Of single samples: those whose value is above, or below, and those done by both without two finite values
  // (identical pictures, undefined values).
  int64_t above = 0, below = 0, left_out = 0;
};

// Of a metric of sets, both of which have a value over the same samples. The interval, of `level` in (0, 1), is that of
// a jackknife that leaves the same blocks of samples out of both; what the samples have in common cancels. NaN where a
// value is not known without its blocks.
MetricDifference DifferenceOf(const MeasuredValue& a, const MeasuredValue& b, double level = 0.95);

struct PairedRow {
  std::string setting;
  int64_t samples = 0;  // done by both
  // For how many of them another call runs the whole network; nothing where the two make other numbers of calls.
  std::optional<OtherMasks> masks = {};
  std::vector<MetricDifference> differences;
};

struct PairedTable {
  std::string baseline;
  bool stopped = false;         // of a run that decides: intervals of single samples are confidence sequences
  std::vector<PairedRow> rows;  // every other setting, in the run's order
};

// Every metric column that both settings have, and their network evaluations; of `distances`, metrics of whole sets,
// those that both have over the same number of samples. Throws Error, listing the settings, when `baseline` is none of
// them.
PairedTable MakePairedTable(const ResultReader& result, const std::string& baseline,
                            const std::vector<MeasuredValue>& distances = {});

}  // namespace skipbench
