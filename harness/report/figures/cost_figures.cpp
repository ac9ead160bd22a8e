#include "harness/report/figures/cost_figures.h"
#include "harness/report/figures/cost_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/report/figures/decision_paths.h"
#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

constexpr int kDetails = 200;  // MetricInfo::order of what is folded away

DataTable DataOf(const std::vector<Point>& points, const RunHeader& header, const Cost& cost,
                 const MetricInfo& metric) {
  DataTable data;
  data.columns = {"series"};
  for (const auto& name : {cost.id, metric.name})
    for (const char* end : {"", "_low", "_high"}) data.columns.push_back(name + end);
  data.columns.insert(data.columns.end(), {"samples", "on_front", "name", "setting"});
  for (const auto& p : points)
    data.Add(p.setting->series, p.cost.value, p.cost.low, p.cost.high, p.quality.value, p.quality.low, p.quality.high,
             p.samples, p.front ? 1 : 0, p.setting->name, header.settings[p.setting->index].label);
  return data;
}

// Of more series than this a key would leave no room for the plot: they are named beside their points.
constexpr size_t kKeyed = 9;

std::set<int> SeriesOf(const std::vector<Point>& points) {
  std::set<int> series;
  for (const auto& p : points) series.insert(p.setting->series);
  return series;
}

// Rows of the key, which has two columns: the front, and every series that has a point.
int KeyRows(const std::vector<Point>& points) {
  const size_t series = SeriesOf(points).size();
  return series > kKeyed ? 1 : static_cast<int>(series + 2) / 2;
}

PlotArea AreaOf(const std::vector<Point>& points, std::optional<double> reference_cost) {
  PlotArea area{.left = 70, .right = 18, .top = 14 + kKeyRow * KeyRows(points)};
  double low = HUGE_VAL, high = -HUGE_VAL, left = HUGE_VAL, right = reference_cost.value_or(0);
  for (const auto& p : points) {
    low = std::min({low, p.quality.value, p.quality.low});
    high = std::max({high, p.quality.value, p.quality.high});
    left = std::min({left, p.cost.value, p.cost.low});
    right = std::max({right, p.cost.value, p.cost.high});
  }
  double pad = 0.08 * (high - low);
  if (!(pad > 0)) pad = high == 0 ? 1 : 0.05 * std::fabs(high);
  area.y_min = low - pad;
  area.y_max = high + pad;
  const double wide = right > left ? right - left : std::max(right, 1.0);  // all at one cost
  area.x_min = std::max(0.0, left - 0.2 * wide);
  area.x_max = right + 0.06 * (right > left ? right - area.x_min : wide);
  return area;
}

std::string LabelCommands(const std::vector<Point>& points, const PlotArea& area, bool horizontal_bars) {
  std::vector<PlacedLabel> labels;
  std::vector<Box> obstacles;
  // Those on the front first: of a large sweep the others would only hide the picture.
  const bool all = points.size() <= 14;
  for (const bool front : {true, false})
    for (const auto& p : points)
      if (p.front == front && (front || all) && !p.setting->point.empty())
        labels.push_back(
            {p.setting->point, area.X(p.cost.value), area.Y(p.quality.value), static_cast<size_t>(p.setting->series)});
  for (const auto& p : points) {
    const double x = area.X(p.cost.value), y = area.Y(p.quality.value);
    const bool bar = std::isfinite(p.quality.low) && std::isfinite(p.quality.high);
    obstacles.push_back({x, bar ? area.Y(p.quality.low) : y, x, bar ? area.Y(p.quality.high) : y});
    if (horizontal_bars) obstacles.push_back({area.X(p.cost.low), y, area.X(p.cost.high), y});
  }
  PlaceLabels(labels, obstacles, area);
  std::string commands;
  for (const auto& label : labels)
    if (label.placed)
      commands +=
          area.Label(label.text, label.left, label.base,
                     fmt::format("left font ',{}' textcolor rgb {} front", kLabelFont, SeriesColor(label.series)));
  return commands;
}

std::string FrontBlock(std::vector<Point> points) {
  std::erase_if(points, [](const Point& p) { return !p.front; });
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.cost.value < b.cost.value; });
  std::string block = "$front << END\n";
  for (const auto& p : points) block += fmt::format("{},{}\n", p.cost.value, p.quality.value);
  return block + "END\n";
}

std::string ScriptOf(const std::vector<Point>& points, const SettingGroup& group, const Cost& cost,
                     const MetricInfo& metric, std::optional<double> reference_cost) {
  const PlotArea area = AreaOf(points, reference_cost);
  std::string script = area.Commands() + area.Titles(cost.axis, AxisTitle(metric));
  if (reference_cost) {
    script += fmt::format("set arrow from {0}, graph 0 to {0}, graph 1 nohead linecolor rgb muted dashtype 3 back\n",
                          *reference_cost);
    script += fmt::format(
        "set label 'full steps' at {}, graph 0.02 rotate by 90 left offset character -1,0 font ',10' textcolor rgb "
        "muted\n",
        *reference_cost);
  }
  const bool keyed = SeriesOf(points).size() <= kKeyed;
  script += keyed ? LabelCommands(points, area, cost.id == "latency_s") : SeriesLabels(points, group, area);
  std::vector<std::string> parts;
  std::vector<KeyEntry> key;
  if (metric.better != Direction::kUnknown) {
    script += FrontBlock(points);
    parts.push_back("$front using 1:2 with lines linecolor rgb muted linewidth 1.2 dashtype 2 notitle");
    key.push_back({"Pareto front", "muted", 0});
  }
  for (size_t s = 0; s < group.series.size(); ++s) {
    if (std::none_of(points.begin(), points.end(),
                     [&](const Point& p) { return p.setting->series == static_cast<int>(s); }))
      continue;
    const std::string color = SeriesColor(s);
    const auto part = [&](const char* x, const char* rest, const std::string& style) {
      parts.push_back(
          fmt::format("data using ($1=={}?{}:NaN):{} linecolor rgb {} {} notitle", s, x, rest, color, style));
    };
    if (group.one_parameter[s]) part("$2", "5 with lines", "linewidth 1");
    part("$2", "6:(0):($7-$6) with vectors nohead", "linewidth 1");
    if (cost.id == "latency_s") part("$3", "5:($4-$3):(0) with vectors nohead", "linewidth 1");
    part("$2", "5 with points", fmt::format("pointtype {} pointsize 0.8", SeriesMark(s)));
    if (keyed) key.push_back({Shortened(group.series[s], 30), color, SeriesMark(s)});
  }
  return script + KeyCommands(key, area) + PlotCommand(parts);
}

std::string AltOf(const std::vector<Point>& points, const Cost& cost, const MetricInfo& metric) {
  std::string text = fmt::format("{} against {}, {} settings.", TitleOf(metric), cost.title, points.size());
  for (const auto& p : points)
    if (p.front) text += fmt::format(" {}: {:.4g} at {:.4g}.", p.setting->name, p.quality.value, p.cost.value);
  return text;
}

std::optional<Figure> CostFigure(const ReportData& data, const SettingGroup& group, size_t metric_index,
                                 const Cost& cost) {
  const MetricInfo& metric = data.table.metrics[metric_index];
  auto [points, identical] = PointsOf(data, group, metric_index, cost);
  if (points.empty()) return std::nullopt;
  std::optional<double> reference_cost;
  if (group.reference >= 0)
    if (const auto x = cost.of(static_cast<size_t>(group.reference))) reference_cost = x->value;
  Figure figure = PartFigure(fmt::format("cost_{}_{}{}", IdOf(metric.name), cost.id, group.id),
                             fmt::format("{} against {}", TitleOf(metric), cost.title), group);
  figure.caption = fmt::format(
      "Mean over {} samples; vertical bars: 95 % interval of the mean ({}).",
      data.table.decisions ? fmt::format("up to {}", data.table.samples) : std::to_string(data.table.samples),
      data.table.decisions ? kSequenceInterval : "bootstrap over samples");
  if (!cost.sentence.empty()) figure.caption += " " + cost.sentence;
  if (identical > 0)
    figure.caption +=
        fmt::format(" {} without a point: every picture is equal to the reference's.",
                    identical == 1 ? std::string("One setting is") : fmt::format("{} settings are", identical));
  figure.alt = AltOf(points, cost, metric);
  figure.data = DataOf(points, data.table.header, cost, metric);
  figure.script = ScriptOf(points, group, cost, metric, reference_cost);
  return figure;
}

}  // namespace

FigureSection CostFigures(const ReportData& data) {
  FigureSection section{
      .id = "cost",
      .title = "Quality against cost",
      .intro =
          "Each point is a setting. The dashed line joins the settings that no other one beats in both (the Pareto "
          "front); "
          "a setting is worth using when it lies on it. The dotted upright line is what full steps cost.",
      .details_title = "The same for errors of the latents"};
  if (data.table.metrics.empty())
    section.missing.push_back("No metric was recorded; \"metrics\": [\"psnr\", ...] in the config does that.");
  bool latency = false;
  for (size_t m = 0; m < data.table.metrics.size(); ++m)
    for (const auto& group : data.groups)
      for (const auto& cost : CostsOf(data))
        if (auto figure = CostFigure(data, group, m, cost)) {
          latency |= cost.id == "latency_s";
          const bool detail = data.table.metrics[m].order >= kDetails;
          (detail ? section.details : section.figures).push_back(std::move(*figure));
        }
  if (!latency && !data.table.metrics.empty())
    section.missing.push_back(
        "Quality against latency: the run did not measure it; \"latency\": {\"samples\": 1, \"repeats\": 3} in the "
        "config does that.");
  return section;
}

}  // namespace skipbench
