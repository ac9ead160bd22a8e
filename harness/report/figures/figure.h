// A figure: the numbers it shows, the gnuplot commands that draw them, and the words beside it.
#pragma once

#include <concepts>
#include <string>
#include <vector>

namespace skipbench {

// Numbers and texts in columns, as they stand in a figure's CSV file. Texts belong into the last columns: gnuplot reads
// the ones before them.
struct DataTable {
  std::vector<std::string> columns = {};
  std::vector<std::vector<std::string>> rows = {};  // as many fields as there are columns

  // A row of numbers (all digits; NaN is empty, which gnuplot and pandas both take for a missing value) and texts.
  template <class... T>
  void Add(const T&... fields) {
    rows.push_back({Field(fields)...});
  }

 private:
  static std::string Field(const std::string& text) { return text; }
  static std::string Field(double value);
  template <std::integral T>
  static std::string Field(T value) {
    return std::to_string(value);
  }
};
std::string WriteCsv(const DataTable& data);

struct Figure {
  std::string id = {};  // names its files: letters, digits, '_'
  std::string title = {};
  std::string caption = {};       // what it shows, in words
  std::string alt = {};           // for whom the picture is not there
  int width = 420, height = 330;  // pixels
  DataTable data = {};
  // Draws the figure on whatever terminal is set. It finds the file name of its data in `data`, and colours in ink,
  // muted, faint, paper, c1 to c7, predict, shallow and reuse.
  std::string script = {};
};

// A name with only what a file name of a figure may have.
std::string IdOf(const std::string& name);
// gnuplot's colour variable and point type of the k-th series: 98 have different ones together.
std::string SeriesColor(size_t k);
int SeriesMark(size_t k);

// The plot command for these data, each with its style.
std::string PlotCommand(const std::vector<std::string>& parts);
// A part of it: boxes of a colour around column 2 (or `x`), as wide as 2 * `half`, from `low` to `high`.
std::string Boxes(const std::string& low, const std::string& high, const char* color, double half = 0.44,
                  const std::string& x = "2");

// How texts of figures look, beside where they stand: "left" + kText.
inline constexpr const char* kText = " font ',11' textcolor rgb ink";
inline constexpr const char* kSmallText = " font ',10' textcolor rgb ink";
inline constexpr const char* kMutedText = " font ',10' textcolor rgb muted";

// Where a plot lies in its figure, so that the caller knows where its points come to lie. Places are pixels from the
// lower left corner.
struct PlotArea {
  int width = 420, height = 330;
  int left = 62, right = 14, top = 34, bottom = 46;
  double x_min = 0, x_max = 1, y_min = 0, y_max = 1;
  double X(double x) const { return left + (x - x_min) / (x_max - x_min) * (width - left - right); }
  double Y(double y) const { return bottom + (y - y_min) / (y_max - y_min) * (height - top - bottom); }
  std::string Commands() const;                 // margins and ranges
  std::string Place(double x, double y) const;  // "screen 0.10000,0.20000"
  // A text at a place; `style`: "left font ',11' textcolor rgb ink".
  std::string Label(const std::string& text, double x, double y, const std::string& style) const;
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

// A text of a plot near a point.
struct PlacedLabel {
  std::string text;
  double x = 0, y = 0;  // of the point
  size_t series = 0;    // colour
  bool placed = false;
  double left = 0, base = 0;  // where the text is: its left end, and its middle height
};
struct Box {
  double left = 0, bottom = 0, right = 0, top = 0;
};
// Puts every label beside its point so that it covers neither a point, nor a bar, nor another label; those for which
// there is no such place stay unplaced. In the order given: the important ones first.
void PlaceLabels(std::vector<PlacedLabel>& labels, const std::vector<Box>& obstacles, const PlotArea& area);
inline constexpr int kLabelFont = 10;  // pixels
// About how wide a label is, pixels.
double WidthOfLabel(const std::string& text);

}  // namespace skipbench
