#include "harness/report/figures/median_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/report/tables/escape.h"
#include "harness/stats/quantile.h"

namespace skipbench {

std::vector<double> FiniteOf(const Array<double>& values, int64_t column) {
  std::vector<double> finite;
  for (int64_t s = 0; s < values.shape[0]; ++s)
    if (const double value = values.values[static_cast<size_t>(s * values.shape[1] + column)]; std::isfinite(value))
      finite.push_back(value);
  return finite;
}

Course CourseOf(const std::string& name, const Array<double>& values) {
  Course course{name, {}};
  for (int64_t c = 0; c < values.shape[1]; ++c) {
    const auto finite = FiniteOf(values, c);
    if (finite.empty()) {
      course.quartiles.push_back({NAN, NAN, NAN});
      continue;
    }
    const double q[] = {0.25, 0.5, 0.75};
    const auto quantiles = Quantiles(finite, q);
    course.quartiles.push_back({quantiles[0], quantiles[1], quantiles[2]});
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
      data.rows.push_back({std::to_string(r), DataNumber(x.at(c)), DataNumber(q[0]), DataNumber(q[1]), DataNumber(q[2]),
                           "", courses[r].name});
    }
}

std::vector<double> Numbered(size_t count) {
  std::vector<double> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0.0);
  return numbers;
}

std::string CoursePlot(const std::vector<Course>& courses, bool bands) {
  std::string script = "set style fill transparent solid 0.18 noborder\nplot ";
  std::vector<std::string> parts;
  for (size_t r = 0; bands && r < courses.size(); ++r)
    parts.push_back(fmt::format("data using ($1=={}?$2:NaN):3:5 with filledcurves fillcolor rgb {}", r,
                                SeriesColor(static_cast<int>(r))));
  for (size_t r = 0; r < courses.size(); ++r)
    parts.push_back(fmt::format("data using ($1=={}?$2:NaN):4 with lines linecolor rgb {} linewidth 1.8", r,
                                SeriesColor(static_cast<int>(r))));
  for (size_t i = 0; i < parts.size(); ++i) script += (i ? ", \\\n  " : "") + parts[i];
  return script + "\n";
}

void LogRange(const std::vector<Course>& courses, bool bands, PlotArea& area) {
  double low = HUGE_VAL, high = 0;
  for (const auto& course : courses)
    for (const auto& q : course.quartiles)
      for (const int i : {0, 1, 2})
        if (q[static_cast<size_t>(i)] > 0 && (bands || i == 1)) {
          low = std::min(low, q[static_cast<size_t>(i)]);
          high = std::max(high, q[static_cast<size_t>(i)]);
        }
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

std::vector<KeyEntry> KeyOf(const std::vector<Course>& courses) {
  std::vector<KeyEntry> key;
  for (size_t r = 0; r < courses.size(); ++r)
    key.push_back({Shortened(courses[r].name, 30), SeriesColor(static_cast<int>(r)), -1});
  return key;
}

int TopFor(size_t entries) { return 14 + kKeyRow * static_cast<int>((entries + 1) / 2); }

}  // namespace skipbench
