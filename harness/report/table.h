// The table of a result: for each setting what it cost and how far its pictures are from the reference's, from the results
// alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/stats/bootstrap.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// A metric of one setting over its samples.
struct MetricSummary {
  MeanInterval mean;            // over the finite values; 95 % interval by bootstrap over samples
  int64_t identical = 0;        // infinite values: pictures equal to the reference's; counted, not averaged
  int64_t missing = 0;          // samples that were done but have no value
};

struct Spread {                 // of a count over the samples
  double mean = 0, min = 0, max = 0;
};

struct LatencySummary {
  double seconds = 0;           // of one sample: median over the repeats of the whole run, divided by the batch
  std::optional<double> speed_up;     // the reference's seconds divided by these; same batch and threads
  std::optional<double> peak_memory_bytes;
  std::string peak_memory_kind;
  int batch = 0, threads = 0;
  int64_t repeats = 0;
};

// A metric of whole sets: of a setting's pictures against other pictures.
struct TableDistance {
  std::string metric;           // "fd_fashion"
  std::string against;          // "data" or "reference": what the pictures are compared with
  std::string units;
  std::string Name() const { return metric + " (" + against + ")"; }
};

struct DistanceValue {
  std::optional<double> value = {}, low = {}, high = {}, standard_error = {};    // 95 % interval
  int64_t count = 0;            // samples
  bool available = true;        // false: its weights are missing
  std::string interval = {}, note = {};   // how the interval was made; what one has to know, or why there is no value
  std::vector<double> without_block = {};   // the value without each block of samples of a jackknife, for differences
};

// A value of one setting.
struct SettingDistance {
  size_t setting = 0;
  TableDistance distance;
  DistanceValue value;
};

struct TableRow {
  SettingInfo setting;
  int64_t samples = 0;          // done; the numbers below are over these
  int64_t failed = 0, not_supported = 0;
  std::string message;          // of the first sample that was not done
  std::optional<Spread> nfe, shallow_nfe;
  std::optional<double> macs_modules, macs_matmuls;              // mean of a sample
  std::optional<double> macs_modules_ratio, macs_matmuls_ratio;  // to the reference, over the samples that both have done
  std::optional<LatencySummary> latency;
  std::string latency_message;  // why there is none although it was tried
  std::vector<std::optional<MetricSummary>> metrics;             // as Table::metrics; nothing: not measured for this setting
  std::vector<std::optional<DistanceValue>> distances;           // as Table::distances; nothing: the reference itself
};

struct TableMetric {
  std::string name;             // "psnr"
  std::string units;
};

struct Table {
  RunHeader header;
  std::vector<Json> environments;
  int64_t samples = 0;          // in the results; header.sample_count were planned
  std::vector<TableMetric> metrics;
  std::vector<TableRow> rows;   // as header.settings
  std::vector<TableDistance> distances;            // filled by whoever has computed them; MakeTable() leaves them out
  std::map<std::string, std::string> unavailable;  // metrics (of TableMetric or TableDistance) whose weights were missing, and why
  WaveCost cost;
  std::vector<std::string> notes;                  // ResultReader::notes()
};

Table MakeTable(const ResultReader& result);
// Puts a metric of a whole set into its row, in a column that is made when there is none.
void AddDistance(const SettingDistance& distance, Table* table);

// For people. A value that is not there is "-"; notes below the table say why.
std::string RenderMarkdown(const Table& table);
// A table environment with booktabs' rules (\usepackage{booktabs,graphicx}).
std::string RenderLatex(const Table& table);

// For programs: all digits. A value that is not there is empty in CSV, null in JSON.
std::string RenderCsv(const Table& table);
std::string RenderJson(const Table& table);

}  // namespace skipbench
