#include "harness/analysis/paired_table.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "harness/analysis/decide/record.h"
#include "harness/analysis/settings.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/confidence_sequence.h"
#include "harness/stats/jackknife.h"
#include "harness/stats/moments.h"

namespace skipbench {
namespace {

MetricDifference Compare(const ResultReader& result, size_t setting, size_t baseline, const ColumnInfo& column,
                         const std::vector<bool>& both, bool stopped) {
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
  auto [mean, above, below] = ComparePairs(ours, theirs);
  if (stopped)
    mean = SequenceBounds(moments.count(), moments.mean(), moments.count() > 1 ? moments.stddev() : 0, 0.025);
  metric.difference = mean.mean;
  metric.low = mean.low;
  metric.high = mean.high;
  metric.standard_error = moments.stddev() / std::sqrt(static_cast<double>(moments.count()));
  metric.count = mean.count;
  metric.above = above;
  metric.below = below;
  return metric;
}

bool IsCompared(const ColumnInfo& column) {
  return column.row_shape.empty() && (column.metric || column.name == "nfe");
}

}  // namespace

MetricDifference DifferenceOf(const MeasuredValue& a, const MeasuredValue& b, double level) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  MetricDifference result{.name = a.Name(),
                          .unit = a.metric.unit,
                          .of_sets = true,
                          .difference = *a.value - *b.value,
                          .low = kNan,
                          .high = kNan,
                          .standard_error = kNan,
                          .count = a.count};
  if (a.without_block.size() < 2 || a.without_block.size() != b.without_block.size() || a.count != b.count)
    return result;
  std::vector<double> without;
  for (size_t k = 0; k < a.without_block.size(); ++k) without.push_back(a.without_block[k] - b.without_block[k]);
  result.standard_error = Jackknife(result.difference, without).standard_error;
  const double width = boost::math::quantile(boost::math::normal(), (1 + level) / 2) * result.standard_error;
  result.low = result.difference - width;
  result.high = result.difference + width;
  return result;
}

PairedTable MakePairedTable(const ResultReader& result, const std::string& baseline,
                            const std::vector<MeasuredValue>& distances) {
  const size_t base = FindSetting(result, baseline, "--paired");
  PairedTable table{baseline, DecisionsOf(result).has_value(), {}};
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
        row.differences.push_back(Compare(result, k, base, column, both, table.stopped));
    for (const auto& a : distances)
      for (const auto& b : distances)
        if (a.setting == k && b.setting == base && a.Name() == b.Name() && a.value && b.value && a.count == b.count)
          row.differences.push_back(DifferenceOf(a, b));
  }
  return table;
}

}  // namespace skipbench
