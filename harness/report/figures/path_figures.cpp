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

constexpr int kStripTop = 34, kStripBottom = 46;

// A legend of our own: a box of each colour, then its word.
std::string Legend(bool shallow, int width, int height) {
  std::string commands;
  double x = 16;
  auto entry = [&](const char* color, const std::string& word) {
    const double top = height - 14, bottom = height - 24;
    commands += fmt::format(
        "set object rectangle from screen {:.5f},{:.5f} to screen {:.5f},{:.5f} fillcolor rgb {} fillstyle solid "
        "noborder\n",
        x / width, bottom / height, (x + 14) / width, top / height, color);
    commands += fmt::format("set label '{}' at screen {:.5f},{:.5f} left font ',11' textcolor rgb ink\n", word,
                            (x + 19) / width, (height - 19.0) / height);
    x += 32 + 6.6 * static_cast<double>(word.size());
  };
  entry("predict", "predicts");
  if (shallow) entry("shallow", "shallow forward");
  entry("reuse", "last output again");
  return commands;
}

std::string CallTicks(int calls) {
  return fmt::format("set xrange [-0.6:{}]\nset xtics 0,{} font ',11'\n", calls - 0.4,
                     calls > 200  ? 50
                     : calls > 60 ? 10
                                  : 5);
}

constexpr const char* kCallTitle = "scheduler call, from noise to picture";

// Margins, call axis and legend of a figure of strips; one unit of y is a pixel.
std::string StripFrame(const Figure& figure, int calls, bool shallow) {
  PlotArea area;
  area.width = figure.width;
  area.height = figure.height;
  area.left = area.right = 16;
  area.top = kStripTop;
  area.bottom = kStripBottom;
  area.y_max = figure.height - kStripTop - kStripBottom;
  return area.Commands() + area.Titles(kCallTitle, "") + CallTicks(calls) +
         "unset ytics\nset border 1\nunset grid\nset style fill solid noborder\n" +
         Legend(shallow, figure.width, figure.height);
}

// ---- shares over the samples ----------------------------------------------------------------------------------------

constexpr int kRow = 38, kBar = 18, kStripWidth = 640;

Figure ShareFigure(const ReportData& data, const SettingGroup& group, const std::vector<Paths>& all, int part,
                   int parts) {
  Figure figure;
  figure.id = fmt::format("paths{}{}", group.id, parts > 1 ? fmt::format("_{}", part) : "");
  figure.title = "Which calls predict" + (group.title.empty() ? "" : ": " + group.title);
  if (parts > 1) figure.title += fmt::format(" ({} of {})", part, parts);
  figure.width = kStripWidth;
  figure.height = kStripTop + kStripBottom + kRow * static_cast<int>(all.size());
  figure.caption =
      "One strip a setting. The height of a bar is the share of the samples for which the call predicts; where the bar "
      "fills "
      "the strip, all of them do.";
  figure.data.columns = {"row", "call", "predict", "shallow", "reuse", "samples", "name", "setting"};
  std::string labels;
  int calls = 0;
  for (size_t r = 0; r < all.size(); ++r) {
    const Paths& paths = all[r];
    calls = std::max(calls, paths.calls);
    const auto n = static_cast<double>(paths.actions.size());
    for (int c = 0; c < paths.calls; ++c) {
      double count[3] = {0, 0, 0};
      for (const auto& actions : paths.actions) ++count[std::min<size_t>(actions[static_cast<size_t>(c)], 2)];
      figure.data.rows.push_back({std::to_string(r), std::to_string(c), DataNumber(count[kActionPredict] / n),
                                  DataNumber(count[kActionShallow] / n), DataNumber(count[kActionReuse] / n),
                                  std::to_string(paths.actions.size()), paths.setting->name,
                                  data.table.header.settings[paths.setting->index].label});
    }
    const double y = (kStripBottom + kRow * static_cast<double>(all.size() - r) - 11) / figure.height;
    const std::string mean = fmt::format("{} of {} predict", Significant(paths.MeanPredictions()), paths.calls);
    labels += fmt::format("set label {} at screen {:.5f},{:.5f} left font ',11' textcolor rgb ink\n",
                          GnuplotString(Shortened(paths.setting->name, 64)), 16.0 / figure.width, y);
    labels += fmt::format("set label '{}' at screen {:.5f},{:.5f} right font ',10' textcolor rgb muted\n", mean,
                          (figure.width - 16.0) / figure.width, y);
    figure.alt += fmt::format("{}: {}. ", paths.setting->name, mean);
  }
  figure.script = StripFrame(figure, calls, AnyShallow(all)) + labels;
  figure.script +=
      fmt::format("base(r) = {} - {} * (r + 1)\n", kRow * all.size(), kRow) + fmt::format("bar = {}\n", kBar) +
      "plot data using 2:(0):($2-0.44):($2+0.44):(base($1)):(base($1)+bar) with boxxyerror fillcolor rgb reuse, \\\n"
      "  data using 2:(0):($2-0.44):($2+0.44):(base($1)):(base($1)+bar*$3) with boxxyerror fillcolor rgb predict, \\\n"
      "  data using 2:(0):($2-0.44):($2+0.44):(base($1)+bar*$3):(base($1)+bar*($3+$4)) with boxxyerror fillcolor rgb "
      "shallow\n";
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
  Figure figure;
  figure.id = fmt::format("path_samples_{}", paths.setting->index);
  figure.title = paths.setting->name + (group.title.empty() ? "" : ": " + group.title);
  figure.height = kStripTop + kStripBottom + row * static_cast<int>(order.size());
  figure.caption =
      paths.samples.size() > order.size()
          ? fmt::format("The first {} of {} samples, one line each, those with the fewest predictions at the top.",
                        order.size(), paths.samples.size())
          : fmt::format("{} samples, one line each, those with the fewest predictions at the top.", order.size());
  figure.data.columns = {"row", "first_call", "last_call", "action", "sample", "predictions", "setting"};
  bool shallow = false;
  for (size_t r = 0; r < order.size(); ++r) {
    const auto& actions = paths.actions[order[r]];
    shallow |= CountOf(actions, kActionShallow) > 0;
    for (size_t first = 0, last; first < actions.size(); first = last + 1) {
      last = first;
      while (last + 1 < actions.size() && actions[last + 1] == actions[first]) ++last;
      figure.data.rows.push_back(
          {std::to_string(r), std::to_string(first), std::to_string(last), std::to_string(actions[first]),
           std::to_string(data.result.samples()[paths.samples[order[r]]].id),
           std::to_string(CountOf(actions, kActionPredict)), header.settings[paths.setting->index].label});
    }
  }
  const auto& fewest = paths.actions[order.front()];
  const auto& most = paths.actions[order.back()];
  figure.alt =
      fmt::format("Paths of {} samples under {}: {} to {} predictions in {} calls.", order.size(), paths.setting->name,
                  CountOf(fewest, kActionPredict), CountOf(most, kActionPredict), paths.calls);
  figure.script = StripFrame(figure, paths.calls, shallow);
  figure.script += fmt::format("base(r) = {0} - {1} * (r + 1)\n", row * order.size(), row);
  figure.script += "plot ";
  const char* colors[] = {"reuse", "predict", "shallow"};
  for (int action = 0; action < 3; ++action)
    figure.script += fmt::format(
        "{}data using ($4=={} ? $2 : NaN):(0):($2-0.5):($3+0.5):(base($1)+1):(base($1)+{}) with boxxyerror "
        "fillcolor rgb {}",
        action ? ", \\\n  " : "", action, row, colors[action]);
  figure.script += "\n";
  return figure;
}

// ---- histogram ------------------------------------------------------------------------------------------------------

constexpr int kPanel = 74, kPanelGap = 12;

Figure HistogramFigure(const ReportData& data, const SettingGroup& group, const std::vector<const Paths*>& all,
                       int part, int parts) {
  const int top = 12, bottom = 48, left = 52, right = 16;
  Figure figure;
  figure.id = fmt::format("skips{}{}", group.id, parts > 1 ? fmt::format("_{}", part) : "");
  figure.title = "Skipped predictions per sample" + (group.title.empty() ? "" : ": " + group.title);
  if (parts > 1) figure.title += fmt::format(" ({} of {})", part, parts);
  figure.height = top + bottom + (kPanel + kPanelGap) * static_cast<int>(all.size()) - kPanelGap;
  figure.caption = "How many samples skip how many predictions; the upright line is the mean.";
  figure.data.columns = {"row", "skips", "samples", "name", "setting"};
  int64_t low = 1 << 20, high = 0;
  std::vector<std::map<int64_t, int64_t>> counts(all.size());
  for (size_t r = 0; r < all.size(); ++r)
    for (const auto& actions : all[r]->actions) {
      const int64_t skips = static_cast<int64_t>(actions.size()) - CountOf(actions, kActionPredict);
      ++counts[r][skips];
      low = std::min(low, skips);
      high = std::max(high, skips);
    }
  figure.script = "set style fill solid noborder\nset boxwidth 0.86\nset border 3\n";
  figure.script +=
      fmt::format("set xrange [{}:{}]\nset xtics 0,{} format '' font ',11'\nset multiplot\n", low - 1.0, high + 1.0,
                  high - low > 40   ? 10
                  : high - low > 14 ? 5
                                    : 1);
  for (size_t r = 0; r < all.size(); ++r) {
    int64_t most = 0, sum = 0;
    for (const auto& [skips, samples] : counts[r]) {
      figure.data.rows.push_back({std::to_string(r), std::to_string(skips), std::to_string(samples),
                                  all[r]->setting->name, data.table.header.settings[all[r]->setting->index].label});
      most = std::max(most, samples);
      sum += skips * samples;
    }
    const double mean = static_cast<double>(sum) / static_cast<double>(all[r]->actions.size());
    const double panel_top = top + (kPanel + kPanelGap) * static_cast<double>(r), height = figure.height;
    figure.script += fmt::format(
        "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\nset tmargin at screen {:.5f}\nset bmargin at "
        "screen {:.5f}\n",
        static_cast<double>(left) / figure.width, 1 - static_cast<double>(right) / figure.width, 1 - panel_top / height,
        1 - (panel_top + kPanel) / height);
    if (r + 1 == all.size()) figure.script += "set xtics format '%g'\n";
    const double y_max = 1.45 * static_cast<double>(most);
    figure.script += fmt::format("set yrange [0:{}]\nset ytics 0,{} font ',10'\n", y_max, most);
    figure.script +=
        fmt::format("unset label\nunset arrow\nset label {} at graph 0.015,0.88 left font ',11' textcolor rgb ink\n",
                    GnuplotString(Shortened(all[r]->setting->name, 44)));
    figure.script +=
        fmt::format("set label 'mean {}' at graph 0.99,0.88 right font ',10' textcolor rgb muted\n", Significant(mean));
    figure.script += fmt::format("set arrow from {0},0 to {0},{1} nohead linecolor rgb ink linewidth 1.2 front\n", mean,
                                 1.15 * static_cast<double>(most));
    figure.script +=
        fmt::format("set label 'samples' at screen {:.5f},{:.5f} center rotate by 90 font ',11' textcolor rgb ink\n",
                    11.0 / figure.width, 1 - (panel_top + kPanel / 2.0) / height);
    if (r + 1 == all.size())
      figure.script += fmt::format(
          "set label 'skipped predictions of a sample' at screen {:.5f},{:.5f} center font ',12' textcolor rgb ink\n",
          (left + figure.width - right) / 2.0 / figure.width, 11.0 / height);
    figure.script += fmt::format("plot data using ($1=={} ? $2 : NaN):3 with boxes fillcolor rgb c1\n", r);
    figure.alt += fmt::format("{}: {} skips on average. ", all[r]->setting->name, Significant(mean));
  }
  figure.script += "unset multiplot\n";
  return figure;
}

}  // namespace

FigureSection PathFigures(const ReportData& data) {
  FigureSection section;
  section.id = "paths";
  section.title = "Skip paths";
  section.intro =
      "What each setting does in every call of the scheduler: a full prediction, a shallow forward on cached features, "
      "or the "
      "last output again. Settings that always predict (full steps, fewer steps) are not shown.";
  section.details_title = "The path of every sample";
  size_t left_out = 0;
  for (const auto& group : data.groups) {
    const auto all = PathsOf(data, group);
    const auto parts = Parts(all, 16);
    for (size_t p = 0; p < parts.size(); ++p)
      section.figures.push_back(
          ShareFigure(data, group, parts[p], static_cast<int>(p) + 1, static_cast<int>(parts.size())));
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
  FigureSection section;
  section.id = "skips";
  section.title = "Skips over the samples";
  section.intro = "Settings that decide for themselves skip more for one sample than for another.";
  for (const auto& group : data.groups) {
    const auto all = PathsOf(data, group);
    const auto parts = Parts(Varying(all), 6);
    for (size_t p = 0; p < parts.size(); ++p)
      section.figures.push_back(
          HistogramFigure(data, group, parts[p], static_cast<int>(p) + 1, static_cast<int>(parts.size())));
  }
  if (section.figures.empty())
    section.missing.push_back("Histogram of skips: every setting of this result skips the same for all samples.");
  return section;
}

}  // namespace skipbench
