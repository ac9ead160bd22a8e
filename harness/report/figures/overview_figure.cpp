#include "harness/report/figures/overview_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/analysis/short_labels.h"
#include "harness/report/figures/cost_points.h"
#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

constexpr int kPanelWidth = 430, kPanelHeight = 310;
constexpr int kLeft = 58, kRight = 14, kTop = 30, kBottom = 46;

struct Panel {
  const SettingGroup* group = nullptr;
  std::vector<Point> points;
  int identical = 0;
};

// The same axes for all panels.
PlotArea SharedArea(const std::vector<Panel>& panels) {
  double low = HUGE_VAL, high = -HUGE_VAL, left = 1, right = 1;
  for (const auto& panel : panels)
    for (const auto& p : panel.points) {
      low = std::min({low, p.quality.value, p.quality.low});
      high = std::max({high, p.quality.value, p.quality.high});
      left = std::min(left, p.cost.value);
      right = std::max(right, p.cost.value);
    }
  double pad = 0.08 * (high - low);
  if (!(pad > 0)) pad = high == 0 ? 1 : 0.05 * std::fabs(high);
  PlotArea area;
  area.x_min = std::max(0.0, left - 0.12);
  area.x_max = right + 0.03;
  area.y_min = low - pad;
  area.y_max = high + pad;
  return area;
}

class OverviewWriter {
 public:
  OverviewWriter(const ReportData& data, std::vector<Panel> panels, size_t metric, int columns)
      : data_(data), panels_(std::move(panels)), metric_(data.table.metrics[metric]), shared_(SharedArea(panels_)) {
    const int count = static_cast<int>(panels_.size());
    columns_ = std::min(columns, count);
    rows_ = (count + columns_ - 1) / columns_;
  }

  Figure Write() {
    Figure figure;
    figure.id = columns_ == 1 && panels_.size() > 1 ? "overview_narrow" : "overview";
    figure.width = columns_ * kPanelWidth;
    figure.height = rows_ * kPanelHeight;
    figure.title = fmt::format("{} against cost", TitleOf(metric_));
    int identical = 0;
    for (const auto& panel : panels_) identical += panel.identical;
    figure.caption =
        "Each point is a setting, with the 95 % interval of its mean. The dashed line is the Pareto front.";
    if (identical > 0)
      figure.caption += fmt::format(" Without a point, because every picture is the full run's: {}.", identical);
    figure.alt = fmt::format("{} against the share of the full run's cost, {} panels, {} settings.", TitleOf(metric_),
                             panels_.size(), data_.table.rows.size());
    figure.data.columns = {"panel",    "series",   "cost", metric_.name, metric_.name + "_low", metric_.name + "_high",
                           "on_front", "full_run", "name"};
    figure.script = "set multiplot\n";
    for (size_t g = 0; g < panels_.size(); ++g) {
      const Panel& panel = panels_[g];
      for (const auto& p : panel.points)
        figure.data.Add(g, p.setting->series, p.cost.value, p.quality.value, p.quality.low, p.quality.high,
                        p.front ? 1 : 0, TitleOfPanel(panel), p.setting->name);
      figure.script += PanelScript(g);
    }
    figure.script += "unset multiplot\n";
    return figure;
  }

 private:
  std::string TitleOfPanel(const Panel& panel) const {
    return panel.group->reference < 0 ? "without a full run" : RunTitle(data_.table.header, panel.group->reference);
  }

  PlotArea AreaOf(size_t g) const {
    const int column = static_cast<int>(g) % columns_, row = static_cast<int>(g) / columns_;
    PlotArea area = shared_;
    area.width = columns_ * kPanelWidth;
    area.height = rows_ * kPanelHeight;
    area.left = column * kPanelWidth + kLeft;
    area.right = (columns_ - column - 1) * kPanelWidth + kRight;
    area.top = row * kPanelHeight + kTop;
    area.bottom = (rows_ - row - 1) * kPanelHeight + kBottom;
    return area;
  }

  std::string PanelScript(size_t g) const {
    const Panel& panel = panels_[g];
    const PlotArea area = AreaOf(g);
    const double middle = (area.left + area.width - area.right) / 2.0;
    std::string script = "unset label\nunset arrow\n" + area.Commands();
    script += area.Label(Shortened(TitleOfPanel(panel), 56), area.left, area.height - area.top + 14,
                         "left font ',12' textcolor rgb ink");
    script += area.Label("cost: share of the full run's MACs", middle, area.bottom - 36,
                         "center font ',11' textcolor rgb ink");
    script += area.Label(AxisTitle(metric_), area.left - 46, (area.bottom + area.height - area.top) / 2.0,
                         "center rotate by 90 font ',11' textcolor rgb ink");
    script += SeriesLabels(panel.points, *panel.group, area);
    std::vector<const Point*> front;
    for (const auto& p : panel.points)
      if (p.front) front.push_back(&p);
    std::ranges::sort(front, {}, [](const Point* p) { return p->cost.value; });
    std::vector<std::string> parts;
    if (!front.empty()) {
      script += fmt::format("$front{} << END\n", g);
      for (const Point* p : front) script += fmt::format("{},{}\n", p->cost.value, p->quality.value);
      script += "END\n";
      parts.push_back(
          fmt::format("$front{} using 1:2 with lines linecolor rgb muted linewidth 1.2 dashtype 2 notitle", g));
    }
    for (size_t s = 0; s < panel.group->series.size(); ++s) {
      if (std::ranges::none_of(panel.points, [&](const Point& p) { return p.setting->series == static_cast<int>(s); }))
        continue;
      const auto part = [&](const char* rest, const std::string& style) {
        parts.push_back(fmt::format("data using ($1=={}&&$2=={}?$3:NaN):{} linecolor rgb {} {} notitle", g, s, rest,
                                    SeriesColor(s), style));
      };
      if (panel.group->one_parameter[s]) part("4 with lines", "linewidth 1");
      part("5:(0):($6-$5) with vectors nohead", "linewidth 1");
      part("4 with points", fmt::format("pointtype {} pointsize 0.8", SeriesMark(s)));
    }
    return script + PlotCommand(parts);
  }

  const ReportData& data_;
  const std::vector<Panel> panels_;
  const MetricInfo& metric_;
  const PlotArea shared_;
  int columns_ = 1, rows_ = 1;
};

}  // namespace

std::optional<Figure> OverviewFigure(const ReportData& data, int columns) {
  const auto& metrics = data.table.metrics;
  const auto found = std::ranges::find(metrics, data.table.verdict.metric.name, &MetricInfo::name);
  if (found == metrics.end()) return std::nullopt;
  const auto metric = static_cast<size_t>(found - metrics.begin());
  std::vector<Panel> panels;
  for (const auto& group : data.groups)
    if (auto [points, identical] = PointsOf(data, group, metric, RelativeCost(data)); !points.empty())
      panels.push_back({&group, std::move(points), identical});
  if (panels.empty()) return std::nullopt;
  return OverviewWriter(data, std::move(panels), metric, columns).Write();
}

}  // namespace skipbench
