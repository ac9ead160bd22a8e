// The columns that a table may have, each under the name by which a user chooses, sorts and filters.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/analysis/table.h"

namespace skipbench {

struct TableColumn {
  std::string id;  // "psnr", "cost", "delta"
  std::string heading;
  std::function<std::string(const TableRow&)> cell;  // empty: there is no value
  std::function<double(const TableRow&)> number;     // what rows are sorted and filtered by, NaN: none; absent: text
};

// The table's own: of a metric's value "identical", intervals in brackets.
std::vector<TableColumn> FrontColumns(const Table& table);
// Of the second table: further metrics, and metrics of whole sets; the setting first. Empty: there are none.
std::vector<TableColumn> MoreColumns(const Table& table);
// The id of a column of a metric of whole sets: "fd_fashion_data".
std::string SetMetricId(const SetColumn& column);
// All of these and some more: the settings' parameters under their keys, the cost relative to the full run, the
// difference from fewer steps at that cost.
std::vector<TableColumn> AllColumns(const Table& table);

// The column of `columns` with this id; throws Error, which begins with `where` and lists those there are, without one.
const TableColumn& FindColumn(const std::vector<TableColumn>& columns, const std::string& id, const std::string& where);

// The column of the metric `table.metrics[m]`.
TableColumn MetricColumn(const Table& table, size_t m);
inline constexpr size_t kMetricsInFront = 2;  // beside the costs; PSNR and SSIM, where they are measured

// What became of a setting's samples: "done", "failed 1 of 6: why".
std::string OutcomeCell(const TableRow& row);

// A value with the metric's decimals, else three significant digits.
std::string MetricNumber(const MetricInfo& metric, double value);
// "PSNR dB".
std::string MetricHeading(const MetricInfo& metric);

// How far a setting is above plain fewer steps at its cost, with the bounds of the verdict; empty: nothing is known.
std::string AgainstFewerCell(const Table& table, const TableRow& row);

// What the verdict says of a row; nullptr: nothing, or it is the full run.
const JudgedSetting* JudgedOf(const Table& table, const TableRow& row);

}  // namespace skipbench
