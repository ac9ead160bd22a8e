#include "harness/report/figures/cost_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/analysis/verdict/pareto_set.h"

namespace skipbench {
namespace {

void MarkFront(std::vector<Point>& points, Direction better) {
  if (better == Direction::kUnknown) return;
  std::vector<double> cost, quality;
  for (const auto& point : points) {
    cost.push_back(point.cost.value);
    quality.push_back(better == Direction::kHigher ? point.quality.value : -point.quality.value);
  }
  const auto front = ParetoSet(cost, quality);
  for (size_t i = 0; i < points.size(); ++i) points[i].front = front[i];
}

}  // namespace

std::string AxisTitle(const MetricInfo& metric) {
  std::string title = TitleOf(metric);
  if (!metric.unit.empty()) title += " (" + metric.unit + ")";
  if (metric.better == Direction::kHigher) title += ", higher is better";
  if (metric.better == Direction::kLower) title += ", lower is better";
  return title;
}

std::vector<Cost> CostsOf(const ReportData& data) {
  const auto& rows = data.table.rows;
  auto spread = [&rows](size_t k) -> std::optional<Range> {
    const auto& nfe = rows[k].nfe;
    return nfe ? std::optional(Range{nfe->mean, nfe->min, nfe->max}) : std::nullopt;
  };
  auto macs = [&rows](size_t k) -> std::optional<Range> {
    const double g = rows[k].macs_matmuls.value_or(0) / 1e9;
    return rows[k].macs_matmuls ? std::optional(Range{g, g, g}) : std::nullopt;
  };
  auto latency = [&data](size_t k) -> std::optional<Range> {
    const auto& summary = data.table.rows[k].latency;
    if (!summary) return std::nullopt;
    for (const auto& record : data.result.latency()) {
      const auto total = record.stage_s.find("total");
      if (record.setting != static_cast<int>(k) || record.status != Status::kDone || total == record.stage_s.end())
        continue;
      const auto [low, high] = std::minmax_element(total->second.begin(), total->second.end());
      return Range{summary->seconds, *low / record.batch, *high / record.batch};
    }
    return std::nullopt;
  };
  const bool shallow = std::any_of(rows.begin(), rows.end(),
                                   [](const auto& row) { return row.shallow_nfe && row.shallow_nfe->max > 0; });
  return {{"nfe", "network evaluations", "NFE (full evaluations per sample)",
           shallow ? "Shallow forwards of cached features are not counted here; multiply-accumulates have them." : "",
           spread},
          {"gmacs", "multiply-accumulates", "GMACs of the denoiser per sample (matmuls)", "", macs},
          {"latency_s", "latency", "latency of one sample (s)", "Horizontal bars: the fastest and the slowest repeat.",
           latency}};
}

Cost RelativeCost(const ReportData& data) {
  return {"share", "the share of the full run's cost", "cost: share of the full run's MACs", "",
          [&rows = data.table.rows](size_t k) -> std::optional<Range> {
            const auto& ratio = rows[k].macs_matmuls_ratio;
            return ratio ? std::optional(Range{*ratio, *ratio, *ratio}) : std::nullopt;
          }};
}

Points PointsOf(const ReportData& data, const SettingGroup& group, size_t metric_index, const Cost& cost) {
  Points all;
  for (const auto& setting : group.settings) {
    const auto& row = data.table.rows[setting.index];
    const auto& summary = row.metrics[metric_index];
    const auto x = cost.of(setting.index);
    if (static_cast<int>(setting.index) == group.reference || !summary || !x) continue;
    if (!summary->value) {
      ++all.identical;
      continue;
    }
    const Range quality = {*summary->value, summary->low.value_or(NAN), summary->high.value_or(NAN)};
    all.points.push_back({&setting, *x, quality, summary->count});
  }
  MarkFront(all.points, data.table.metrics[metric_index].better);
  std::sort(all.points.begin(), all.points.end(), [](const Point& a, const Point& b) {
    return std::make_pair(a.setting->series, a.cost.value) < std::make_pair(b.setting->series, b.cost.value);
  });
  return all;
}

std::string SeriesLabels(const std::vector<Point>& points, const SettingGroup& group, const PlotArea& area) {
  std::vector<Box> marks, bars;
  for (const auto& p : points) {
    const double x = area.X(p.cost.value), y = area.Y(p.quality.value);
    marks.push_back({x, y, x, y});
    if (std::isfinite(p.quality.low) && std::isfinite(p.quality.high))
      bars.push_back({x, area.Y(p.quality.low), x, area.Y(p.quality.high)});
  }
  // Those on the front find their room first; of a series its best point, then the others.
  std::vector<const Point*> order;
  for (const bool front : {true, false})
    for (const auto& p : points)
      if (p.front == front) order.push_back(&p);
  std::vector<bool> named(group.series.size());
  std::vector<Box> labels;
  std::string commands;
  // A name over a bar is better than none.
  for (const bool clear_of_bars : {true, false})
    for (const Point* p : order) {
      const auto series = static_cast<size_t>(p->setting->series);
      if (named[series]) continue;
      std::vector<Box> obstacles = marks;
      obstacles.insert(obstacles.end(), labels.begin(), labels.end());
      if (clear_of_bars) obstacles.insert(obstacles.end(), bars.begin(), bars.end());
      std::vector<PlacedLabel> label = {
          {group.series[series], area.X(p->cost.value), area.Y(p->quality.value), series}};
      PlaceLabels(label, obstacles, area);
      if (!label[0].placed) continue;
      named[series] = true;
      labels.push_back({label[0].left, label[0].base - kLabelFont / 2.0, label[0].left + WidthOfLabel(label[0].text),
                        label[0].base + kLabelFont / 2.0});
      commands += area.Label(label[0].text, label[0].left, label[0].base,
                             fmt::format("left font ',{}' textcolor rgb {} front", kLabelFont, SeriesColor(series)));
    }
  return commands;
}

}  // namespace skipbench
