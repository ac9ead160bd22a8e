#include "harness/report/figures/history_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/format.h"
#include "harness/report/tables/escape.h"
#include "harness/report/tables/history_text.h"

namespace skipbench {
namespace {

constexpr int kLetters = 60, kLongestKey = 24;

using Lines = std::vector<const Series*>;

// The distance of a full run to itself, which would only press the other lines together.
bool IsTrivial(const Series& series) {
  return series.reference && std::ranges::all_of(series.values, [&](const auto& value) {
           return !value || *value == series.values[0].value_or(*value);
         });
}

PlotArea AreaOf(const History& history, const Lines& lines) {
  PlotArea area{.width = 640, .left = 70, .right = 18};
  const int rows = std::min<int>(kLongestKey, static_cast<int>(lines.size())) + 1;
  area.top = 14 + kKeyRow * rows;
  area.height = 300 + area.top;
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const auto* series : lines)
    for (const auto& value : series->values)
      if (value) low = std::min(low, *value), high = std::max(high, *value);
  double pad = 0.08 * (high - low);
  if (!(pad > 0)) pad = high == 0 ? 1 : 0.05 * std::fabs(high);
  area.y_min = low - pad;
  area.y_max = high + pad;
  area.x_min = 0.5;
  area.x_max = static_cast<double>(history.versions.size()) + 0.5;
  return area;
}

DataTable DataOf(const History& history, const Lines& lines) {
  DataTable data;
  data.columns = {"series", "place", "value", "changed", "commit", "result", "setting"};
  for (size_t s = 0; s < lines.size(); ++s)
    for (size_t v = 0; v < history.versions.size(); ++v) {
      const bool changed = std::ranges::any_of(lines[s]->changes, [&](const auto& change) { return change.at == v; });
      data.Add(s, static_cast<double>(v + 1), lines[s]->values[v].value_or(NAN), changed ? 1 : 0,
               history.versions[v].commit, history.versions[v].name, lines[s]->setting);
    }
  return data;
}

Figure Draw(const History& history, const Lines& lines) {
  const Series& first = *lines[0];
  const std::string title = first.title + (first.unit.empty() ? "" : ", " + first.unit);
  Figure figure{.id = IdOf("history_" + first.name),
                .title = first.title,
                .caption = "Means of each result, the oldest on the left; a ring where a series changed."};
  const PlotArea area = AreaOf(history, lines);
  figure.width = area.width;
  figure.height = area.height;
  figure.data = DataOf(history, lines);
  std::vector<std::string> parts;
  std::vector<KeyEntry> key;
  for (size_t s = 0; s < lines.size(); ++s) {
    const std::string color = SeriesColor(s);
    parts.push_back(
        fmt::format("data using ($1=={}?$2:NaN):3 with linespoints linecolor rgb {} pointtype {} pointsize "
                    "0.7 linewidth 1.4",
                    s, color, SeriesMark(s)));
    parts.push_back(
        fmt::format("data using ($1=={}&&$4==1?$2:NaN):3 with points linecolor rgb {} pointtype 6 pointsize "
                    "1.8 linewidth 1.8",
                    s, color));
    if (s < kLongestKey) key.push_back({Shortened(lines[s]->setting, kLetters), color, SeriesMark(s)});
    for (const auto& change : lines[s]->changes)
      figure.alt += fmt::format("{} {} to {} with {}. ", lines[s]->setting, Significant(change.before, 4),
                                Significant(change.after, 4), NameOf(history, change.at));
  }
  if (figure.alt.empty()) figure.alt = first.title + ": no change.";
  figure.script = area.Commands() + area.Titles("result", title) +
                  fmt::format("set xtics 1,{}\n", (history.versions.size() + 19) / 20) + KeyCommands(key, area, 1) +
                  PlotCommand(parts);
  return figure;
}

}  // namespace

std::vector<Figure> HistoryFigures(const History& history) {
  std::vector<std::string> names;
  for (const auto& series : history.series)
    if (std::ranges::find(names, series.name) == names.end()) names.push_back(series.name);
  std::vector<Figure> figures;
  for (const auto& name : names) {
    Lines lines, trivial;
    for (const auto& series : history.series)
      if (series.name == name) (IsTrivial(series) ? trivial : lines).push_back(&series);
    figures.push_back(Draw(history, lines.empty() ? trivial : lines));
  }
  return figures;
}

}  // namespace skipbench
