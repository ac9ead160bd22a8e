// What figures of quality against cost are made of.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/report/figures/figures.h"

namespace skipbench {

// A value with its ends.
struct Range {
  double value = 0, low = 0, high = 0;
};

// What a setting costs, by one way of counting.
struct Cost {
  std::string id, title, axis;
  std::string sentence;  // what the horizontal bars and the numbers are
  std::function<std::optional<Range>(size_t setting)> of;
};

// A setting in a plot of quality against cost.
struct Point {
  const NamedSetting* setting = nullptr;
  Range cost, quality;
  int64_t samples = 0;
  bool front = false;  // no other one is as cheap and as good, and better in one of the two
};

// Network evaluations, multiply-accumulates, latency.
std::vector<Cost> CostsOf(const ReportData& data);
// Multiply-accumulates relative to the full run: the same axis for all full runs.
Cost RelativeCost(const ReportData& data);

struct Points {
  std::vector<Point> points;  // by series, cheapest first, with the front marked
  int identical = 0;          // settings without a point, because every picture is the reference's
};
Points PointsOf(const ReportData& data, const SettingGroup& group, size_t metric_index, const Cost& cost);

// "PSNR (dB), higher is better".
std::string AxisTitle(const MetricInfo& metric);

// Labels that name each series beside one of its points, in its colour; series for which there is no room have none.
std::string SeriesLabels(const std::vector<Point>& points, const SettingGroup& group, const PlotArea& area);

}  // namespace skipbench
