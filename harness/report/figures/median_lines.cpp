#include "harness/report/figures/median_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/report/tables/escape.h"
#include "harness/stats/quantile.h"

namespace skipbench {

Course CourseOf(const std::string& name, const Array<double>& values) {
  Course course{name, {}};
  const double shares[] = {0.25, 0.5, 0.75};
  for (int64_t c = 0; c < values.shape[1]; ++c) {
    std::vector<double> finite;
    for (int64_t s = 0; s < values.shape[0]; ++s)
      if (const double value = values.values[s * values.shape[1] + c]; std::isfinite(value)) finite.push_back(value);
    const auto q = finite.empty() ? std::vector<double>(3, NAN) : Quantiles(finite, shares);
    course.quartiles.push_back({q[0], q[1], q[2]});
  }
  return course;
}

bool HasPositive(const Course& course) {
  return std::any_of(course.quartiles.begin(), course.quartiles.end(), [](const auto& q) { return q[1] > 0; });
}

void AddCourses(const std::vector<Course>& courses, const std::string& x_name, const std::vector<double>& x,
                DataTable& data) {
  data.columns = {"row", x_name, "quartile_1", "median", "quartile_3", "predict_share", "name"};
  for (size_t r = 0; r < courses.size(); ++r)
    for (size_t c = 0; c < courses[r].quartiles.size(); ++c) {
      const auto& q = courses[r].quartiles[c];
      data.Add(r, x.empty() ? static_cast<double>(c) : x.at(c), q[0], q[1], q[2], "", courses[r].name);
    }
}

std::string CoursePlot(const std::vector<Course>& courses, bool bands) {
  std::vector<std::string> parts;
  for (size_t r = 0; bands && r < courses.size(); ++r)
    parts.push_back(
        fmt::format("data using ($1=={}?$2:NaN):3:5 with filledcurves fillcolor rgb {}", r, SeriesColor(r)));
  for (size_t r = 0; r < courses.size(); ++r)
    parts.push_back(
        fmt::format("data using ($1=={}?$2:NaN):4 with lines linecolor rgb {} linewidth 1.8", r, SeriesColor(r)));
  return "set style fill transparent solid 0.18 noborder\n" + PlotCommand(parts);
}

void LogRange(const std::vector<Course>& courses, bool bands, PlotArea& area) {
  double low = HUGE_VAL, high = 0;
  for (const auto& course : courses)
    for (const auto& q : course.quartiles)
      for (const double value : {q[1], bands ? q[0] : q[1], bands ? q[2] : q[1]})
        if (value > 0) low = std::min(low, value), high = std::max(high, value);
  area.y_min = low / 1.3;
  area.y_max = high * 1.3;
}

void LinearRange(const std::vector<Course>& courses, PlotArea& area) {
  double low = 0, high = 0;
  for (const auto& course : courses)
    for (const auto& q : course.quartiles)
      for (const double value : q)
        if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  area.y_min = 1.06 * low;
  area.y_max = high > low ? 1.06 * high : 1;
}

std::vector<KeyEntry> KeyOf(const std::vector<Course>& courses, int letters) {
  std::vector<KeyEntry> key;
  for (size_t r = 0; r < courses.size(); ++r) key.push_back({Shortened(courses[r].name, letters), SeriesColor(r), -1});
  return key;
}

int TopFor(size_t entries) { return 14 + kKeyRow * static_cast<int>((entries + 1) / 2); }

}  // namespace skipbench
