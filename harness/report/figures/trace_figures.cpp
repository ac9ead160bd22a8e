#include "harness/report/figures/trace_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/format.h"
#include "harness/report/figures/decision_paths.h"
#include "harness/report/figures/median_lines.h"
#include "harness/report/tables/escape.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/correlation.h"

namespace skipbench {
namespace {

constexpr int kStripPitch = 26, kStrip = 11;  // a strip with its label above it

// The rows of the data that are of one panel.
std::string Of(int panel, const char* also = "") { return fmt::format("($1=={}{}?$2:NaN)", panel, also); }

// ---- differences beside the paths -----------------------------------------------------------------------------------

// Settings whose paths are worth comparing with the differences: searched ones, then those that decide by a criterion.
std::vector<const Paths*> Chosen(const ReportData& data, const std::vector<Paths>& all) {
  std::vector<const Paths*> searched, adaptive;
  for (const auto& paths : all) {
    const SettingInfo& setting = data.table.header.settings[paths.setting->index];
    if (setting.type == "greedy_search")
      searched.push_back(&paths);
    else if (setting.criterion)
      adaptive.push_back(&paths);
  }
  if (searched.size() > 2) searched.resize(2);
  while (searched.size() + adaptive.size() > 4)
    adaptive.erase(adaptive.begin() + static_cast<int64_t>(adaptive.size() / 2));
  searched.insert(searched.end(), adaptive.begin(), adaptive.end());
  return searched;
}

// The strips of `paths` below a plot that ends at `area.bottom`; rows `first_row` on of the data.
std::string StripPlot(const std::vector<const Paths*>& paths, const PlotArea& area, int calls, size_t first_row) {
  const int bottom = 46, height = area.bottom - bottom - 8;
  PlotArea strip = area;
  strip.top = area.height - bottom - height;
  strip.bottom = bottom;
  strip.y_max = height;
  strip.y_min = 0;
  std::string script = "unset label\nunset arrow\nunset logscale y\nunset ytics\nunset grid\nset border 1\n" +
                       strip.Commands() + strip.Titles(kCallTitle, "") + CallAxis(calls) +
                       "set xtics format '%g'\nset style fill solid noborder\n";
  for (size_t r = 0; r < paths.size(); ++r)
    script += strip.Label(Shortened(paths[r]->setting->name, 40) + ", calls that predict", area.left,
                          bottom + height - kStripPitch * static_cast<double>(r) - 7, std::string("left") + kSmallText);
  script +=
      fmt::format("base(r) = {0} - {1} * (r - {2} + 1)\nrow(r) = r >= {2} ? r : NaN\n", height, kStripPitch, first_row);
  const std::string base = "base(row($1))", top = fmt::format("{}+{}", base, kStrip);
  return script + PlotCommand({Boxes(base, top, "reuse"), Boxes(base, top + "*$6", "predict")});
}

void AddStrips(const std::vector<const Paths*>& paths, size_t first_row, DataTable& data) {
  for (size_t r = 0; r < paths.size(); ++r)
    for (int c = 0; c < paths[r]->calls; ++c)
      data.Add(first_row + r, c, "", "", "", paths[r]->PredictShare(c), paths[r]->setting->name);
}

std::optional<Figure> DifferenceFigure(const ReportData& data, const SettingGroup& group, const std::vector<Paths>& all,
                                       const std::string& of, const std::string& symbol) {
  if (group.reference < 0) return std::nullopt;
  const auto reference = static_cast<size_t>(group.reference);
  std::vector<Course> courses;
  const char* orders[] = {"first order", "second order", "third order"};
  for (int order = 1; order <= 3; ++order) {
    const std::string column = fmt::format("traces/{}_relative_{}", of, order);
    if (!data.result.FindColumn(reference, column)) return std::nullopt;
    courses.push_back(CourseOf(orders[order - 1], data.result.Read<double>(reference, column)));
  }
  if (!std::any_of(courses.begin(), courses.end(), HasPositive)) return std::nullopt;
  const auto paths = Chosen(data, all);
  Figure figure = PartFigure(
      fmt::format("differences_{}{}", of, group.id),
      fmt::format("Relative differences of the {}", of == "latent" ? "latents" : "noise predictions"), group);
  figure.caption = fmt::format(
      "Along the full-step trajectory: median over the samples, shaded the middle half. First order: ‖{0}ᵢ − {0}ᵢ₋₁‖ "
      "relative to ‖{0}ᵢ₋₁‖; second and third relative to the first difference before.",
      symbol);
  if (!paths.empty())
    figure.caption +=
        " Below: the share of samples for which each call predicts; a difference at call i belongs to the decision for "
        "call i + 1.";
  PlotArea area;
  area.top = TopFor(3);
  area.bottom = 46 + (paths.empty() ? 0 : 8 + kStripPitch * static_cast<int>(paths.size()));
  area.height = figure.height = 284 + area.bottom - 46 + area.top - 14;
  LogRange(courses, true, area);
  AddCourses(courses, "call", {}, figure.data);
  AddStrips(paths, courses.size(), figure.data);
  for (const auto& course : courses) {
    double sum = 0, count = 0;
    for (const auto& q : course.quartiles)
      if (std::isfinite(q[1])) sum += q[1], ++count;
    figure.alt += fmt::format("Relative difference of {}: {} on average. ", course.name, Significant(sum / count));
  }
  figure.script = "set multiplot\n" + area.Commands() + CallAxis(group.calls) +
                  area.Titles(paths.empty() ? kCallTitle : "", "relative difference") +
                  KeyCommands(KeyOf(courses), area) + area.LogTicks() + (paths.empty() ? "" : "set xtics format ''\n") +
                  CoursePlot(courses, true);
  if (!paths.empty()) figure.script += StripPlot(paths, area, group.calls, courses.size());
  figure.script += "unset multiplot\n";
  return figure;
}

// ---- two samples ----------------------------------------------------------------------------------------------------

std::string SampleName(const SampleInfo& sample) {
  if (!sample.caption.empty()) return "“" + Shortened(sample.caption, 44) + "”";
  return sample.label >= 0 ? fmt::format("class {}", sample.label) : fmt::format("sample {}", sample.id);
}

std::optional<Figure> TwoSamplesFigure(const ReportData& data, const SettingGroup& group, const Paths& paths) {
  const size_t k = paths.setting->index;
  const auto& criterion_of = data.table.header.settings[k].criterion;
  if (!paths.varies || !criterion_of || !data.result.FindColumn(k, "traces/criterion") ||
      !data.result.FindColumn(k, "traces/threshold"))
    return std::nullopt;
  const auto fewer = [](const auto& a, const auto& b) {
    return CountOf(a, kActionPredict) < CountOf(b, kActionPredict);
  };
  const auto [low, high] = std::minmax_element(paths.actions.begin(), paths.actions.end(), fewer);
  if (CountOf(*low, kActionPredict) == CountOf(*high, kActionPredict)) return std::nullopt;
  Figure figure = PartFigure(fmt::format("two_samples_{}", k), paths.setting->name + ", two samples", group);
  figure.caption = fmt::format(
      "The samples with the fewest and the most predictions. Where the {} is {} the threshold, the call predicts; "
      "where there is none, something else decided (a warm-up, a cap). Both stand at the call that they decide.",
      criterion_of->name, criterion_of->predicts_above ? "above" : "below");
  const int panel = 132, strip = 12, pitch = panel + 62, top = 34;
  figure.height = top + 2 * pitch + 22;
  figure.data.columns = {"panel", "call", "criterion", "threshold", "action", "sample"};
  PlotArea area;
  area.height = figure.height;
  std::string script = "set multiplot\n";
  int p = 0;
  for (const auto& actions : {low, high}) {
    const size_t sample = paths.samples[actions - paths.actions.begin()];
    const auto place = static_cast<int64_t>(sample);
    const auto criterion = data.result.ReadSamples<double>(k, "traces/criterion", place, 1).values;
    const auto threshold = data.result.ReadSamples<double>(k, "traces/threshold", place, 1).values;
    double least = HUGE_VAL, most = 0;
    for (int c = 0; c < paths.calls; ++c) {
      // Entry i belongs to the decision for call i + 1.
      const double left = c > 0 ? criterion[c - 1] : NAN, right = c > 0 ? threshold[c - 1] : NAN;
      for (const double value : {left, right})
        if (value > 0 && std::isfinite(value)) least = std::min(least, value), most = std::max(most, value);
      figure.data.Add(p, c, left, right, (*actions)[c], data.result.samples()[sample].id);
    }
    if (!(most > 0)) return std::nullopt;
    area.top = top + 22 + p * pitch;
    area.bottom = figure.height - area.top - panel;
    area.y_min = least / 1.5;
    area.y_max = most * 1.5;
    const std::string name = fmt::format("{}: {} of {} predict", SampleName(data.result.samples()[sample]),
                                         CountOf(*actions, kActionPredict), paths.calls);
    figure.alt += name + ". ";
    script += "unset label\nunset arrow\nset border 3\nset grid\n" + area.LogTicks() + area.Commands() +
              CallAxis(paths.calls) + "set xtics format ''\n" + area.Titles("", criterion_of->axis);
    if (p == 0) script += KeyCommands({{Shortened(criterion_of->name, 40), "c2", -1}, {"threshold", "c1", 0}}, area);
    script += area.Label(name, area.left, figure.height - area.top + 10, std::string("left") + kText);
    script += PlotCommand({fmt::format("data using {}:3 with lines linecolor rgb c2 linewidth 1.6", Of(p)),
                           fmt::format("data using {}:4 with lines linecolor rgb c1 linewidth 1.2 dashtype 2", Of(p))});
    PlotArea below = area;
    below.top = area.top + panel + 4;
    below.bottom = figure.height - below.top - strip;
    below.y_min = 0;
    below.y_max = 1;
    script +=
        "unset label\nunset arrow\nset border 1\nunset grid\nunset logscale y\nunset ytics\nset style fill solid "
        "noborder\n" +
        below.Commands() + CallAxis(paths.calls) + "set xtics format '%g'\n";
    if (p == 1) script += below.Titles(kCallTitle, "");
    script += PlotCommand({Boxes("0", "1", "reuse", 0.46, Of(p)), Boxes("0", "1", "predict", 0.46, Of(p, "&&$5==1"))});
    ++p;
  }
  figure.script = script + "unset multiplot\n";
  return figure;
}

// ---- the latent's error along the way -------------------------------------------------------------------------------

std::vector<Figure> ErrorFigures(const ReportData& data, const SettingGroup& group) {
  std::vector<Course> courses;
  for (const auto& setting : group.settings) {
    if (static_cast<int>(setting.index) == group.reference ||
        !data.result.FindColumn(setting.index, "traces/latent_error_l2_relative"))
      continue;
    auto course = CourseOf(setting.name, data.result.Read<double>(setting.index, "traces/latent_error_l2_relative"));
    if (HasPositive(course)) courses.push_back(std::move(course));
  }
  std::vector<Figure> figures;
  const auto parts = Parts(courses, 7);
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts[i];
    Figure figure =
        PartFigure("latent_error" + group.id, "Error of the latent, call by call", group, i + 1, parts.size());
    figure.caption =
        "L2 distance to the full-step latent after each call, relative to its norm; median over the samples. A line "
        "starts where the setting first leaves the full-step trajectory.";
    PlotArea area;
    area.top = TopFor(part.size());
    area.height = figure.height = 284 + area.top - 14;
    LogRange(part, false, area);
    AddCourses(part, "call", {}, figure.data);
    for (const auto& course : part)
      figure.alt += fmt::format("{}: {} in the end. ", course.name, Significant(course.quartiles.back()[1]));
    figure.script = area.Commands() + CallAxis(group.calls) + area.Titles(kCallTitle, "relative error of the latent") +
                    KeyCommands(KeyOf(part), area) + area.LogTicks() + CoursePlot(part, false);
    figures.push_back(std::move(figure));
  }
  return figures;
}

// ---- correlation with a searched path -------------------------------------------------------------------------------

struct Correlated {
  std::string name;
  MeanInterval rho;
};

// Spearman's correlation, sample by sample, of a difference at call i with whether the path predicts in call i + 1.
std::optional<Correlated> Correlate(const ReportData& data, size_t reference, const Paths& searched,
                                    const std::string& of, int order) {
  const std::string column = fmt::format("traces/{}_relative_{}", of, order);
  if (!data.result.FindColumn(reference, column)) return std::nullopt;
  const auto trace = data.result.Read<double>(reference, column);
  if (trace.shape[1] != searched.calls) return std::nullopt;
  std::vector<double> rhos;
  for (size_t s = 0; s < searched.samples.size(); ++s) {
    std::vector<double> difference, predicts;
    for (int c = 3; c + 1 < searched.calls; ++c) {  // from where the third order is there
      const double value =
          trace.values[searched.samples[s] * static_cast<size_t>(searched.calls) + static_cast<size_t>(c)];
      if (std::isnan(value)) continue;
      difference.push_back(value);
      predicts.push_back(searched.actions[s][c + 1] == kActionPredict);
    }
    if (const double rho = RankCorrelation(difference, predicts); std::isfinite(rho)) rhos.push_back(rho);
  }
  if (rhos.empty()) return std::nullopt;
  const char* orders[] = {"first", "second", "third"};
  return Correlated{fmt::format("{}, {} order", of == "latent" ? "latents" : "noise", orders[order - 1]),
                    BootstrapMean(rhos)};
}

std::optional<Figure> CorrelationFigure(const ReportData& data, const SettingGroup& group, const Paths& searched) {
  if (group.reference < 0) return std::nullopt;
  std::vector<Correlated> all;
  for (const char* of : {"latent", "prediction"})
    for (int order = 1; order <= 3; ++order)
      if (auto one = Correlate(data, static_cast<size_t>(group.reference), searched, of, order))
        all.push_back(std::move(*one));
  if (all.empty()) return std::nullopt;
  Figure figure = PartFigure(fmt::format("difference_correlation_{}", searched.setting->index),
                             "Differences and " + searched.setting->name, group);
  figure.caption = fmt::format(
      "Rank correlation (Spearman) of the relative difference after a call with whether the path predicts in the next "
      "one: mean over {} samples, bars: 95 % interval. 0: no relation; 1: the path predicts exactly where the "
      "difference is large.",
      all[0].rho.count);
  figure.data.columns = {"row", "rho", "rho_low", "rho_high", "samples", "difference"};
  PlotArea area{.left = 140, .top = 12, .x_min = -0.2, .x_max = 1, .y_min = -0.6};
  area.height = figure.height = 58 + 30 * static_cast<int>(all.size());
  area.y_max = static_cast<double>(all.size()) - 0.4;
  std::string labels;
  for (size_t r = 0; r < all.size(); ++r) {
    const auto& rho = all[r].rho;
    area.x_min = std::min({area.x_min, rho.mean - 0.1, std::isfinite(rho.low) ? rho.low - 0.1 : 0});
    const double y = static_cast<double>(all.size() - 1 - r);
    figure.data.Add(y, rho.mean, rho.low, rho.high, rho.count, all[r].name);
    figure.alt += fmt::format("{}: {}. ", all[r].name, Significant(rho.mean, 2));
    labels += area.Label(all[r].name, area.left - 8, area.Y(y), std::string("right") + kText);
  }
  figure.script = area.Commands() + area.Titles("rank correlation with predicting", "") + labels +
                  "unset ytics\nset border 1\n" +
                  "set arrow from 0, graph 0 to 0, graph 1 nohead linecolor rgb muted linewidth 1 back\n" +
                  "plot data using 3:1:($4-$3):(0) with vectors nohead linecolor rgb c1 linewidth 1.4, \\\n"
                  "  data using 2:1 with points linecolor rgb c1 pointtype 7 pointsize 0.9\n";
  return figure;
}

}  // namespace

FigureSection TraceFigures(const ReportData& data) {
  FigureSection section{.id = "traces",
                        .title = "Along the trajectory",
                        .intro =
                            "How fast latents and noise predictions change from call to call, how the adaptive "
                            "criterion reads that, and how "
                            "the latent's error grows.",
                        .details_title = "Two samples under every adaptive setting"};
  bool differences = false, searched = false, errors = false;
  for (const auto& group : data.groups) {
    const auto all = PathsOf(data, group);
    for (const auto& [of, symbol] : {std::pair("latent", "x"), std::pair("prediction", "ε")})
      if (auto figure = DifferenceFigure(data, group, all, of, symbol)) {
        section.figures.push_back(std::move(*figure));
        differences = true;
      }
    for (const auto& paths : all) {
      if (data.table.header.settings[paths.setting->index].type != "greedy_search") continue;
      searched = true;
      if (auto figure = CorrelationFigure(data, group, paths)) section.figures.push_back(std::move(*figure));
    }
    auto of_errors = ErrorFigures(data, group);
    errors |= !of_errors.empty();
    std::move(of_errors.begin(), of_errors.end(), std::back_inserter(section.figures));
    // Of the settings that decide for themselves, the one that predicts nearest to half of the calls.
    std::vector<Figure> samples;
    double best = HUGE_VAL;
    size_t best_at = 0;
    for (const Paths* paths : Spread(Varying(all), data.per_setting))
      if (auto figure = TwoSamplesFigure(data, group, *paths)) {
        const double distance = std::fabs(paths->MeanPredictions() - 0.5 * paths->calls);
        if (distance < best) best = distance, best_at = samples.size();
        samples.push_back(std::move(*figure));
      }
    if (samples.empty()) continue;
    section.figures.push_back(std::move(samples[best_at]));
    samples.erase(samples.begin() + static_cast<int64_t>(best_at));
    std::move(samples.begin(), samples.end(), std::back_inserter(section.details));
  }
  for (const auto& setting : data.table.header.settings)
    if (const size_t k = static_cast<size_t>(&setting - data.table.header.settings.data());
        !setting.criterion && data.result.FindColumn(k, "traces/criterion"))
      section.missing.push_back(
          "The criterion of " + setting.label +
          ": the result does not say what it is (the method declares none, or an earlier skipbench wrote it).");
  if (!differences || !errors)
    section.missing.push_back(
        "Differences of the latents and of the noise predictions, and the latent's error call by call: \"traces\": "
        "true in the config records them.");
  if (!searched)
    section.missing.push_back(
        "How the differences go together with the searched path: {\"type\": \"greedy_search\", ...} in \"methods\" "
        "searches one.");
  return section;
}

}  // namespace skipbench
