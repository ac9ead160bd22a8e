#include "harness/report/tables/best_cells.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>

namespace skipbench {
namespace {

// The larger the better; nothing where a row has no value.
using Goodness = std::function<std::optional<double>(const TableRow&)>;

std::string Heading(const MetricInfo& metric) {
  return metric.unit.empty() ? TitleOf(metric) : TitleOf(metric) + " " + metric.unit;
}

// Pictures that are all equal to the reference's are as good as can be, and have no number.
std::optional<double> Value(const std::optional<MeasuredValue>& value, Direction better) {
  if (!value) return std::nullopt;
  if (!value->value)
    return value->identical > 0 ? std::optional(std::numeric_limits<double>::infinity()) : std::nullopt;
  return better == Direction::kHigher ? *value->value : -*value->value;
}

std::map<std::string, Goodness> Columns(const Table& table) {
  std::map<std::string, Goodness> columns;
  for (size_t m = 0; m < table.metrics.size(); ++m)
    if (const Direction better = table.metrics[m].better; better != Direction::kUnknown)
      columns[Heading(table.metrics[m])] = [m, better](const TableRow& row) { return Value(row.metrics[m], better); };
  for (size_t d = 0; d < table.distances.size(); ++d) {
    const auto& [metric, against] = table.distances[d];
    if (const Direction better = metric.better; better != Direction::kUnknown)
      columns[Heading(metric) + " (" + against + ")"] = [d, better](const TableRow& row) {
        return Value(row.distances[d], better);
      };
  }
  columns["speed-up"] = [](const TableRow& row) { return row.latency ? row.latency->speed_up : std::nullopt; };
  columns["latency s"] = [](const TableRow& row) {
    return row.latency ? std::optional(-row.latency->seconds) : std::nullopt;
  };
  return columns;
}

}  // namespace

std::set<std::pair<size_t, size_t>> BestCells(const Table& table, const std::vector<size_t>& rows,
                                              const std::vector<std::string>& headings) {
  const auto columns = Columns(table);
  std::set<std::pair<size_t, size_t>> best;
  for (size_t c = 0; c < headings.size(); ++c) {
    const auto column = columns.find(headings[c]);
    if (column == columns.end()) continue;
    std::vector<std::pair<double, size_t>> values;
    for (size_t r = 0; r < rows.size(); ++r) {
      const TableRow& row = table.rows.at(rows[r]);
      if (row.setting.reference) continue;
      if (const auto value = column->second(row); value && !std::isnan(*value)) values.emplace_back(*value, r);
    }
    if (values.size() < 2) continue;
    const double most = std::ranges::max(values).first;
    for (const auto& [value, r] : values)
      if (value == most) best.emplace(r, c);
  }
  return best;
}

}  // namespace skipbench
