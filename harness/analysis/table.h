// The table of a result: for each setting what it cost and how far its pictures are from the reference's, from the
// results alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/decide/record.h"
#include "harness/analysis/latency_summary.h"
#include "harness/analysis/recorded_actions.h"
#include "harness/analysis/verdict/verdict.h"
#include "harness/measures/measured_value.h"
#include "harness/store/published.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct Spread {  // of a count over the samples
  double mean = 0, min = 0, max = 0;
};

// A column of a metric of whole sets: of a setting's pictures against other pictures.
struct SetColumn {
  MetricInfo metric;    // "fd_fashion"
  std::string against;  // "data" or "reference": what the pictures are compared with
};

struct TableRow {
  SettingInfo setting;
  int64_t samples = 0;  // done; the numbers below are over these
  int64_t failed = 0, not_supported = 0;
  int64_t not_run = 0;  // the run had dropped the setting before these samples
  std::string message;  // of the first sample that was not done
  std::optional<Spread> nfe, shallow_nfe;
  std::optional<double> macs_modules, macs_matmuls;  // mean of a sample
  std::optional<double> macs_modules_ratio,
      macs_matmuls_ratio;  // to the reference, over the samples that both have done
  std::optional<LatencySummary> latency;
  std::string latency_message;                          // why there is none although it was tried
  std::vector<std::optional<MeasuredValue>> metrics;    // as Table::metrics; nothing: not measured for this setting
  std::vector<std::optional<MeasuredValue>> distances;  // as Table::distances; nothing: the reference itself
  std::optional<StaticPath> static_path;  // nothing: the setting decided for each sample, or never meant to
  bool never_skips = false;               // though its method decides
  // Of a static path: the rows of searched paths with as many predictions, of the same reference.
  std::vector<size_t> searched;
  std::optional<size_t> search;  // where there is none: a row whose search went through such paths on its way
};

// Samples of the setting that were done but have no value of a metric.
inline int64_t MissingOf(const TableRow& row, const MeasuredValue& metric) {
  return row.samples - metric.count - metric.identical;
}

struct Table {
  RunHeader header;
  std::vector<Json> environments;
  int64_t samples = 0;               // in the results; header.sample_count were planned
  std::vector<MetricInfo> metrics;   // of single samples, in the order of their columns
  std::vector<TableRow> rows;        // as header.settings
  std::vector<SetColumn> distances;  // of whole sets
  std::map<std::string, std::string>
      unavailable;  // metrics whose weights were missing (FeatureColumn of their names), and why
  WaveCost cost;
  // Of a run that decides: its answers, in the order of the rows. Intervals are those of confidence sequences then.
  std::optional<RunDecisions> decisions;
  RunVerdict verdict;                   // by the usual metric and budgets
  std::vector<PublishedRow> published;  // numbers of others; nothing is computed from them
  std::vector<std::string> notes;       // ResultReader::notes()
  // Of tables side by side the largest number in any, so that one unit serves for all; 0: the table's own.
  double most_macs = 0;
};

// `distances`: SetDistances(result, ...).
Table MakeTable(const ResultReader& result, const std::vector<MeasuredValue>& distances = {});

}  // namespace skipbench
