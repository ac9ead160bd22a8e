#include "harness/analysis/paired_table.h"

#include <algorithm>
#include <cmath>

#include "harness/analysis/set_difference.h"
#include "harness/analysis/settings.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/moments.h"

namespace skipbench {
namespace {

MetricDifference Compare(const ResultReader& result, size_t setting, size_t baseline, const ColumnInfo& column,
                         const std::vector<bool>& both) {
  const auto a = result.Read<double>(setting, column.name).values,
             b = result.Read<double>(baseline, column.name).values;
  MetricDifference metric{.name = column.name, .unit = column.units};
  std::vector<double> ours, theirs;
  RunningMoments moments;
  for (size_t i = 0; i < both.size(); ++i) {
    if (!both[i]) continue;
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
      ++metric.left_out;
      continue;
    }
    ours.push_back(a[i]);
    theirs.push_back(b[i]);
    moments.Add(a[i] - b[i]);
  }
  const auto [mean, above, below] = ComparePairs(ours, theirs);
  metric.difference = mean.mean;
  metric.low = mean.low;
  metric.high = mean.high;
  metric.standard_error = moments.stddev() / std::sqrt(static_cast<double>(moments.count()));
  metric.count = mean.count;
  metric.above = above;
  metric.below = below;
  return metric;
}

void CompareSets(const std::vector<MeasuredValue>& distances, size_t setting, size_t baseline, PairedRow* row) {
  for (const auto& a : distances)
    for (const auto& b : distances) {
      if (a.setting != setting || b.setting != baseline || a.Name() != b.Name() || !a.value || !b.value ||
          a.count != b.count)
        continue;
      const SetDifference d = DifferenceOf(a, b);
      row->differences.push_back({.name = a.Name(),
                                  .unit = a.metric.unit,
                                  .of_sets = true,
                                  .difference = d.difference,
                                  .low = d.low,
                                  .high = d.high,
                                  .standard_error = d.standard_error,
                                  .count = d.count});
    }
}

bool IsCompared(const ColumnInfo& column) {
  return column.row_shape.empty() && (column.metric || column.name == "nfe");
}

}  // namespace

PairedTable MakePairedTable(const ResultReader& result, const std::string& baseline,
                            const std::vector<MeasuredValue>& distances) {
  const size_t base = FindSetting(result, baseline, "--paired");
  PairedTable table{baseline, {}};
  const std::vector<bool> base_done = DoneSamples(result, base);
  for (size_t k = 0; k < result.header().settings.size(); ++k) {
    if (k == base) continue;
    std::vector<bool> both = DoneSamples(result, k);
    for (size_t i = 0; i < both.size(); ++i) both[i] = both[i] && base_done[i];
    PairedRow& row = table.rows.emplace_back();
    row.setting = result.header().settings[k].label;
    row.samples = std::count(both.begin(), both.end(), true);
    for (const auto& column : result.Columns(k))
      if (IsCompared(column) && result.FindColumn(base, column.name))
        row.differences.push_back(Compare(result, k, base, column, both));
    CompareSets(distances, k, base, &row);
  }
  return table;
}

}  // namespace skipbench
