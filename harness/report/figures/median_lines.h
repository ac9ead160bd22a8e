// Lines of a figure that go through the medians of many samples.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "harness/report/figures/figure.h"
#include "harness/store/records.h"

namespace skipbench {

// Median and the middle half, call by call.
struct Course {
  std::string name;
  std::vector<std::array<double, 3>> quartiles;  // [calls] {25 %, 50 %, 75 %}; NaN without values
};

// Over the samples of an array [n, columns].
Course CourseOf(const std::string& name, const Array<double>& values);
bool HasPositive(const Course& course);

// Rows "row, x, quartiles, predict_share (empty), name", one course after another; `x`: the values that the columns
// stand for, empty: 0, 1, 2, ...
void AddCourses(const std::vector<Course>& courses, const std::string& x_name, const std::vector<double>& x,
                DataTable& data);

// The plot command; `bands`: shade the middle half. Columns as AddCourses makes them.
std::string CoursePlot(const std::vector<Course>& courses, bool bands);
// The y range that a logarithmic axis needs for them, and a linear one that starts at 0.
void LogRange(const std::vector<Course>& courses, bool bands, PlotArea& area);
void LinearRange(const std::vector<Course>& courses, PlotArea& area);

// Entries of at most so many letters.
std::vector<KeyEntry> KeyOf(const std::vector<Course>& courses, int letters = 30);
// The top margin that a key with so many entries needs.
int TopFor(size_t entries);

}  // namespace skipbench
