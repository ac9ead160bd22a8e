// A figure: the numbers it shows, the gnuplot commands that draw them, and the words beside it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skipbench {

// Numbers and texts in columns, as they stand in a figure's CSV file. Texts belong into the last columns: gnuplot reads
// the ones before them.
struct DataTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // as many fields as there are columns
};
// All digits; empty for NaN (gnuplot and pandas both take that for a missing value).
std::string DataNumber(double value);
std::string WriteCsv(const DataTable& data);

struct Figure {
  std::string id;  // names its files: letters, digits, '_'
  std::string title;
  std::string caption;            // what it shows, in words
  std::string alt;                // for whom the picture is not there
  int width = 420, height = 330;  // pixels
  DataTable data;
  // Draws the figure on whatever terminal is set. It finds the file name of its data in `data`, and colours in ink,
  // muted, faint, paper, c1 to c7, predict, shallow and reuse.
  std::string script;
};

// A name with only what a file name of a figure may have.
std::string IdOf(const std::string& name);
// gnuplot's colour variable and point type of the k-th series.
std::string SeriesColor(int k);
int SeriesMark(int k);

// Commands that set a plot's margins in pixels of the figure, so that the caller knows where its points come to lie.
struct PlotArea {
  int width = 420, height = 330;
  int left = 62, right = 14, top = 34, bottom = 46;
  double x_min = 0, x_max = 1, y_min = 0, y_max = 1;
  double X(double x) const { return left + (x - x_min) / (x_max - x_min) * (width - left - right); }
  double Y(double y) const { return bottom + (y - y_min) / (y_max - y_min) * (height - top - bottom); }  // from below
  std::string Commands() const;  // margins and ranges
  // A logarithmic y axis with labels like 0.01 or, where they would be long, 10⁻⁵; 2 and 5 between where it spans less
  // than two decades.
  std::string LogTicks() const;
  // Titles of the axes, at the figure's edges. (gnuplot's own stand where it guesses that the tick labels end.)
  std::string Titles(const std::string& x, const std::string& y) const;
};

// A key above the plot, in so many columns, each entry with its mark (0: a dashed line, -1: a line).
struct KeyEntry {
  std::string text;
  std::string color;
  int mark = 7;
};
inline constexpr int kKeyRow = 16;  // pixels; the plot's top margin has to hold the rows
std::string KeyCommands(const std::vector<KeyEntry>& entries, const PlotArea& area, int columns = 2);

// A text of a plot near a point, in pixels from the lower left corner.
struct PlacedLabel {
  std::string text;
  double x = 0, y = 0;  // of the point
  int series = 0;       // colour
  bool placed = false;
  double left = 0, base = 0;  // where the text is: its left end, and its middle height
};
// Puts every label beside its point so that it covers neither a point, nor a bar, nor another label; those for which
// there is no such place stay unplaced. In the order given: the important ones first.
struct Obstacle {  // pixels
  double left = 0, bottom = 0, right = 0, top = 0;
};
void PlaceLabels(std::vector<PlacedLabel>& labels, const std::vector<Obstacle>& obstacles, const PlotArea& area);
inline constexpr int kLabelFont = 10;  // pixels

}  // namespace skipbench
