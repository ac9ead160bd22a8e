#include "harness/report/figures/study_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/base/format.h"
#include "harness/report/figures/decision_paths.h"
#include "harness/report/figures/median_lines.h"
#include "harness/report/tables/escape.h"
#include "harness/store/path_study_record.h"

namespace skipbench {
namespace {

constexpr const char* kSkipsTitle = "skipped predictions";

// Samples that were searched.
std::vector<int64_t> Searched(const PathStudyRecord& study) {
  std::vector<int64_t> samples;
  const int64_t skips = study.searched_error.shape.at(1);
  for (int64_t s = 0; s < study.searched_error.shape[0]; ++s)
    if (std::isfinite(study.searched_error.values[s * skips])) samples.push_back(s);
  return samples;
}

// Errors [n, k, ...] relative to the full latent's norm, of the samples that were searched; the mean over what lies
// behind k.
Course RelativeError(const std::string& name, const Array<double>& error, const PathStudyRecord& study) {
  const auto samples = Searched(study);
  const auto count = std::ssize(study.skips);
  const int64_t draws = error.shape.size() > 2 ? error.shape[2] : 1;
  Array<double> relative{{std::ssize(samples), count}, {}};
  for (const int64_t s : samples)
    for (int64_t k = 0; k < count; ++k) {
      const auto first = error.values.begin() + (s * count + k) * draws;
      const double sum = std::accumulate(first, first + draws, 0.0);
      relative.values.push_back(sum / static_cast<double>(draws) / study.latent_norm[s]);
    }
  return CourseOf(name, relative);
}

std::string EstimateName(const PathEstimate& estimate) {
  return Shortened(fmt::format("{}, {}", estimate.label, estimate.use), 60);
}

Figure Frame(const std::string& id, const std::string& title, const std::string& caption,
             const std::vector<Course>& courses, const PathStudyRecord& study, PlotArea& area) {
  Figure figure{.id = id, .title = title, .caption = caption};
  area.top = 14 + kKeyRow * static_cast<int>(courses.size());
  area.height = figure.height = 284 + area.top - 14;
  area.x_min = static_cast<double>(study.skips.front()) - 0.5;
  area.x_max = static_cast<double>(study.skips.back()) + 0.5;
  AddCourses(courses, "skips", {study.skips.begin(), study.skips.end()}, figure.data);
  for (const auto& course : courses)
    figure.alt +=
        fmt::format("{}: {} at {} skips. ", course.name, Significant(course.quartiles.back()[1]), study.skips.back());
  return figure;
}

// Names of estimators are long: a line each.
std::string Key(const std::vector<Course>& courses, const PlotArea& area) {
  return KeyCommands(KeyOf(courses, 62), area, 1);
}

Figure ErrorFigure(const PathStudyRecord& study) {
  std::vector<Course> courses = {RelativeError("searched (" + study.search + ")", study.searched_error, study)};
  for (const auto& estimate : study.estimates)
    courses.push_back(RelativeError(EstimateName(estimate), estimate.error, study));
  if (!study.random_error.empty()) courses.push_back(RelativeError("random", study.random_error, study));
  PlotArea area;
  LogRange(courses, true, area);
  Figure figure = Frame(
      "study_error", "Error of the final latent",
      fmt::format(
          "L2 distance to the full-step latent relative to its norm: median over {} samples, shaded the middle half.",
          Searched(study).size()),
      courses, study, area);
  figure.script = area.Commands() + area.LogTicks() + area.Titles(kSkipsTitle, "relative error") + Key(courses, area) +
                  CoursePlot(courses, true);
  return figure;
}

struct StatisticFigure {
  const char *statistic, *title, *axis, *caption;
  bool logarithmic;
  double line;  // drawn across; NaN: none
  const char* line_label;
};

std::optional<Figure> Draw(const PathStudyRecord& study, const StatisticFigure& what) {
  std::vector<Course> courses;
  for (const auto& estimate : study.estimates) {
    if (!estimate.statistics.contains(what.statistic)) continue;
    auto course = CourseOf(EstimateName(estimate), estimate.statistics.at(what.statistic));
    if (std::any_of(course.quartiles.begin(), course.quartiles.end(),
                    [](const auto& q) { return std::isfinite(q[1]); }))
      courses.push_back(std::move(course));
  }
  if (courses.empty()) return std::nullopt;
  PlotArea area;
  if (what.logarithmic) {
    LogRange(courses, false, area);
    area.y_min = std::min(area.y_min, what.line / 3);
    area.y_max = 1.3;
  } else {
    LinearRange(courses, area);
    if (std::isfinite(what.line)) area.y_max = std::max(area.y_max, 1.2 * what.line);
  }
  Figure figure = Frame(fmt::format("study_{}", what.statistic), what.title, what.caption, courses, study, area);
  figure.script = area.Commands() + (what.logarithmic ? area.LogTicks() : "") + area.Titles(kSkipsTitle, what.axis) +
                  Key(courses, area);
  if (std::isfinite(what.line)) {
    figure.script += fmt::format(
        "set arrow from graph 0, first {0} to graph 1, first {0} nohead linecolor rgb muted dashtype 3 back\n",
        what.line);
    figure.script +=
        fmt::format("set label '{}' at graph 0.99, first {} right offset 0,0.5 font ',10' textcolor rgb muted\n",
                    what.line_label, what.line);
  }
  figure.script += CoursePlot(courses, !what.logarithmic);
  return figure;
}

// Shares of the searched samples for which each call predicts: the searched paths and the estimated ones.
Figure PathsFigure(const PathStudyRecord& study, int64_t k) {
  const auto samples = Searched(study);
  const int64_t calls = study.calls(), count = std::ssize(study.skips);
  std::vector<std::pair<std::string, const Array<uint8_t>*>> rows = {
      {"searched (" + study.search + ")", &study.searched_path}};
  for (const auto& estimate : study.estimates) rows.emplace_back(EstimateName(estimate), &estimate.path);
  const int64_t skips = study.skips[k];
  const int top = 10;
  Figure figure{.id = fmt::format("study_paths_{}", skips),
                .title = fmt::format("Paths with {} skips in {} calls", skips, calls)};
  figure.caption = fmt::format(
      "The height of a bar is the share of the {} searched samples whose path predicts in that call.", samples.size());
  figure.alt = fmt::format("{} searched samples; {} calls; searched and estimated paths.", samples.size(), calls);
  figure.width = kStripWidth;
  figure.height = top + kStripBottom + kRow * static_cast<int>(rows.size());
  figure.data.columns = {"row", "call", "predict", "samples", "path"};
  const PlotArea area = StripArea(figure, top);
  std::string labels;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (int64_t c = 0; c < calls; ++c) {
      double predict = 0, there = 0;
      for (const int64_t s : samples) {
        const uint8_t* path = rows[r].second->values.data() + (s * count + k) * calls;
        if (path[0] != 1) continue;  // all 0: none
        ++there;
        predict += path[c];
      }
      figure.data.Add(r, c, predict / there, there, rows[r].first);
    }
    labels += StripLabel(area, rows.size(), r, rows[r].first);
  }
  figure.script =
      StripFrame(area, calls) + labels + StripBases(rows.size()) +
      PlotCommand({Boxes("base($1)", "base($1)+bar", "reuse"), Boxes("base($1)", "base($1)+bar*$3", "predict")});
  return figure;
}

}  // namespace

FigureSection StudyFigures(const ReportData& data) {
  FigureSection section{
      .id = "study",
      .title = "Estimated and searched paths",
      .intro =
          "For each number of skips: the path that an estimator picks, the searched one, and random ones. Chi-square "
          "and p "
          "test whether the two paths agree call by call more than chance would; p by shuffled runs respects that "
          "neighbouring calls go together, the chi-square p does not."};
  const auto groups = data.result.OpenExtra(kPathStudyGroup);
  if (groups.empty()) {
    section.missing.push_back("Estimated against searched paths: \"path_study\": {...} in the config compares them.");
    return section;
  }
  const PathStudyRecord study = ReadPathStudy(groups.back());
  if (study.skips.empty() || Searched(study).empty()) {
    section.missing.push_back("Estimated against searched paths: the study holds no searched sample yet.");
    return section;
  }
  section.figures.push_back(ErrorFigure(study));
  const StatisticFigure figures[] = {
      {"chi2", "Chi-square of estimated against searched path", "chi-square (1 degree of freedom)",
       "Median over the samples, shaded the middle half; without Yates' correction.", false, 3.841458820694124,
       "p = 0.05"},
      {"p", "p of the chi-square test", "p", "Median over the samples. The test takes calls as independent.", true,
       0.05, "0.05"},
      {"run_p", "p by shuffled runs", "p",
       "Median over the samples: share of paths with the same runs in another order that agree at least as well.", true,
       0.05, "0.05"},
      {"kappa", "Agreement beyond chance", "Cohen's kappa",
       "Median over the samples, shaded the middle half. 1: the same path, 0: as unrelated paths.", false, NAN, ""}};
  for (const auto& what : figures)
    if (auto figure = Draw(study, what)) section.figures.push_back(std::move(*figure));
  const auto count = std::ssize(study.skips);
  for (const int64_t k : {(count - 1) / 2, count - 1}) {
    Figure figure = PathsFigure(study, k);
    if (section.figures.back().id != figure.id)
      section.figures.push_back(std::move(figure));  // of one number of skips both are the same
  }
  return section;
}

}  // namespace skipbench
