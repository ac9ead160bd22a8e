#include "harness/report/figures/path_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "harness/base/format.h"
#include "harness/report/figures/decision_paths.h"
#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

bool AnyShallow(const std::vector<Paths>& all) {
  for (const auto& paths : all)
    for (const auto& actions : paths.actions)
      if (CountOf(actions, kActionShallow)) return true;
  return false;
}

constexpr int kStripTop = 34;

// A legend of our own: a box of each colour, then its word.
std::string Legend(bool shallow, const PlotArea& area) {
  std::string commands;
  double x = 16;
  auto entry = [&](const char* color, const std::string& word) {
    commands += fmt::format("set object rectangle from {} to {} fillcolor rgb {} fillstyle solid noborder\n",
                            area.Place(x, area.height - 24), area.Place(x + 14, area.height - 14), color);
    commands += area.Label(word, x + 19, area.height - 19, std::string("left") + kText);
    x += 32 + 6.6 * static_cast<double>(word.size());
  };
  entry("predict", "predicts");
  if (shallow) entry("shallow", "shallow forward");
  entry("reuse", "last output again");
  return commands;
}

// ---- shares over the samples ----------------------------------------------------------------------------------------

Figure ShareFigure(const ReportData& data, const SettingGroup& group, const std::vector<Paths>& all, size_t part,
                   size_t parts) {
  Figure figure = PartFigure("paths" + group.id, "Which calls predict", group, part, parts);
  figure.width = kStripWidth;
  figure.height = kStripTop + kStripBottom + kRow * static_cast<int>(all.size());
  figure.caption =
      "One strip a setting. The height of a bar is the share of the samples for which the call predicts; where the bar "
      "fills the strip, all of them do.";
  figure.data.columns = {"row", "call", "predict", "shallow", "reuse", "samples", "name", "setting"};
  const PlotArea area = StripArea(figure, kStripTop);
  std::string labels;
  int calls = 0;
  for (size_t r = 0; r < all.size(); ++r) {
    const Paths& paths = all[r];
    calls = std::max(calls, paths.calls);
    const auto n = static_cast<double>(paths.actions.size());
    for (int c = 0; c < paths.calls; ++c) {
      double count[3] = {0, 0, 0};
      for (const auto& actions : paths.actions) ++count[std::min<size_t>(actions[c], 2)];
      figure.data.Add(r, c, count[kActionPredict] / n, count[kActionShallow] / n, count[kActionReuse] / n,
                      paths.actions.size(), paths.setting->name,
                      data.table.header.settings[paths.setting->index].label);
    }
    const double y = kStripBottom + kRow * static_cast<double>(all.size() - r) - 11;
    const std::string mean = fmt::format("{} of {} predict", Significant(paths.MeanPredictions()), paths.calls);
    labels += StripLabel(area, all.size(), r, Shortened(paths.setting->name, 64));
    labels += area.Label(mean, figure.width - 16, y, std::string("right") + kMutedText);
    figure.alt += fmt::format("{}: {}. ", paths.setting->name, mean);
  }
  figure.script =
      StripFrame(area, calls) + Legend(AnyShallow(all), area) + labels + StripBases(all.size()) +
      PlotCommand({Boxes("base($1)", "base($1)+bar", "reuse"), Boxes("base($1)", "base($1)+bar*$3", "predict"),
                   Boxes("base($1)+bar*$3", "base($1)+bar*($3+$4)", "shallow")});
  return figure;
}

// ---- sample by sample -----------------------------------------------------------------------------------------------

constexpr size_t kShownSamples = 40;

Figure SampleFigure(const ReportData& data, const SettingGroup& group, const Paths& paths) {
  const RunHeader& header = data.table.header;
  std::vector<size_t> order(std::min(paths.samples.size(), kShownSamples));
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return CountOf(paths.actions[a], kActionPredict) < CountOf(paths.actions[b], kActionPredict);
  });
  const int row = order.size() > 20 ? 7 : 10;
  Figure figure = PartFigure(fmt::format("path_samples_{}", paths.setting->index), paths.setting->name, group);
  figure.height = kStripTop + kStripBottom + row * static_cast<int>(order.size());
  figure.caption = fmt::format("{} samples, one line each, those with the fewest predictions at the top.",
                               paths.samples.size() > order.size()
                                   ? fmt::format("The first {} of {}", order.size(), paths.samples.size())
                                   : std::to_string(order.size()));
  figure.data.columns = {"row", "first_call", "last_call", "action", "sample", "predictions", "setting"};
  bool shallow = false;
  for (size_t r = 0; r < order.size(); ++r) {
    const auto& actions = paths.actions[order[r]];
    shallow |= CountOf(actions, kActionShallow) > 0;
    for (size_t first = 0, last; first < actions.size(); first = last + 1) {
      last = first;
      while (last + 1 < actions.size() && actions[last + 1] == actions[first]) ++last;
      figure.data.Add(r, first, last, actions[first], data.result.samples()[paths.samples[order[r]]].id,
                      CountOf(actions, kActionPredict), header.settings[paths.setting->index].label);
    }
  }
  const auto& fewest = paths.actions[order.front()];
  const auto& most = paths.actions[order.back()];
  figure.alt =
      fmt::format("Paths of {} samples under {}: {} to {} predictions in {} calls.", order.size(), paths.setting->name,
                  CountOf(fewest, kActionPredict), CountOf(most, kActionPredict), paths.calls);
  const PlotArea area = StripArea(figure, kStripTop);
  std::vector<std::string> parts;
  for (const auto& [action, color] : {std::pair(0, "reuse"), {1, "predict"}, {2, "shallow"}})
    parts.push_back(
        fmt::format("data using ($4=={} ? $2 : NaN):(0):($2-0.5):($3+0.5):(base($1)+1):(base($1)+{}) with boxxyerror "
                    "fillcolor rgb {}",
                    action, row, color));
  figure.script = StripFrame(area, paths.calls) + Legend(shallow, area) +
                  fmt::format("base(r) = {0} - {1} * (r + 1)\n", row * order.size(), row) + PlotCommand(parts);
  return figure;
}

// ---- histogram ------------------------------------------------------------------------------------------------------

constexpr int kPanel = 74, kPanelGap = 12;

Figure HistogramFigure(const ReportData& data, const SettingGroup& group, const std::vector<const Paths*>& all,
                       size_t part, size_t parts) {
  const int top = 12, bottom = 48;
  Figure figure = PartFigure("skips" + group.id, "Skipped predictions per sample", group, part, parts);
  figure.height = top + bottom + (kPanel + kPanelGap) * static_cast<int>(all.size()) - kPanelGap;
  figure.caption = "How many samples skip how many predictions; the upright line is the mean.";
  figure.data.columns = {"row", "skips", "samples", "name", "setting"};
  int64_t low = 1 << 20, high = 0;
  std::vector<std::map<int64_t, int64_t>> counts(all.size());
  for (size_t r = 0; r < all.size(); ++r)
    for (const auto& actions : all[r]->actions) {
      const int64_t skips = std::ssize(actions) - CountOf(actions, kActionPredict);
      ++counts[r][skips];
      low = std::min(low, skips);
      high = std::max(high, skips);
    }
  PlotArea area{.height = figure.height, .left = 52, .right = 16};
  area.x_min = static_cast<double>(low) - 1;
  area.x_max = static_cast<double>(high) + 1;
  figure.script = "set style fill solid noborder\nset boxwidth 0.86\nset border 3\n";
  figure.script += fmt::format("set xtics 0,{} format '' font ',11'\nset multiplot\n", high - low > 40   ? 10
                                                                                       : high - low > 14 ? 5
                                                                                                         : 1);
  for (size_t r = 0; r < all.size(); ++r) {
    int64_t most = 0, sum = 0;
    for (const auto& [skips, samples] : counts[r]) {
      figure.data.Add(r, skips, samples, all[r]->setting->name,
                      data.table.header.settings[all[r]->setting->index].label);
      most = std::max(most, samples);
      sum += skips * samples;
    }
    const double mean = static_cast<double>(sum) / static_cast<double>(all[r]->actions.size());
    const bool last = r + 1 == all.size();
    area.top = top + (kPanel + kPanelGap) * static_cast<int>(r);
    area.bottom = figure.height - area.top - kPanel;
    area.y_max = 1.45 * static_cast<double>(most);
    if (last) figure.script += "set xtics format '%g'\n";
    figure.script += area.Commands() + fmt::format("set ytics 0,{} font ',10'\nunset label\nunset arrow\n", most);
    figure.script += fmt::format("set label {} at graph 0.015,0.88 left{}\n",
                                 GnuplotString(Shortened(all[r]->setting->name, 44)), kText);
    figure.script += fmt::format("set label 'mean {}' at graph 0.99,0.88 right{}\n", Significant(mean), kMutedText);
    figure.script += fmt::format("set arrow from {0},0 to {0},{1} nohead linecolor rgb ink linewidth 1.2 front\n", mean,
                                 1.15 * static_cast<double>(most));
    figure.script += area.Label("samples", 11, area.bottom + kPanel / 2.0, std::string("center rotate by 90") + kText);
    if (last) figure.script += area.Titles("skipped predictions of a sample", "");
    figure.script += fmt::format("plot data using ($1=={} ? $2 : NaN):3 with boxes fillcolor rgb c1\n", r);
    figure.alt += fmt::format("{}: {} skips on average. ", all[r]->setting->name, Significant(mean));
  }
  figure.script += "unset multiplot\n";
  return figure;
}

}  // namespace

FigureSection PathFigures(const ReportData& data) {
  FigureSection section{
      .id = "paths",
      .title = "Skip paths",
      .intro =
          "What each setting does in every call of the scheduler: a full prediction, a shallow forward on cached "
          "features, "
          "or the last output again. Settings that always predict (full steps, fewer steps) are not shown.",
      .details_title = "The path of every sample"};
  size_t left_out = 0;
  for (const auto& group : data.groups) {
    const auto all = PathsOf(data, group);
    const auto parts = Parts(all, 16);
    for (size_t p = 0; p < parts.size(); ++p)
      section.figures.push_back(ShareFigure(data, group, parts[p], p + 1, parts.size()));
    const auto varying = Varying(all);
    const auto shown = Spread(varying, data.per_setting);
    left_out += varying.size() - shown.size();
    for (const Paths* paths : shown) section.details.push_back(SampleFigure(data, group, *paths));
  }
  if (left_out > 0)
    section.details_title += fmt::format(" (of {} more settings: skipbench report --per-setting)", left_out);
  if (section.figures.empty()) section.missing.push_back("Skip paths: no setting of this result skips a prediction.");
  return section;
}

FigureSection SkipHistograms(const ReportData& data) {
  FigureSection section{.id = "skips",
                        .title = "Skips over the samples",
                        .intro = "Settings that decide for themselves skip more for one sample than for another."};
  for (const auto& group : data.groups) {
    const auto all = PathsOf(data, group);
    const auto parts = Parts(Varying(all), 6);
    for (size_t p = 0; p < parts.size(); ++p)
      section.figures.push_back(HistogramFigure(data, group, parts[p], p + 1, parts.size()));
  }
  if (section.figures.empty())
    section.missing.push_back("Histogram of skips: every setting of this result skips the same for all samples.");
  return section;
}

}  // namespace skipbench
