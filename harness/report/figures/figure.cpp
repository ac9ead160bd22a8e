#include "harness/report/figures/figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "harness/base/error.h"
#include "harness/report/tables/escape.h"

namespace skipbench {

std::string DataTable::Field(double value) {
  if (std::isnan(value)) return "";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return fmt::format("{}", value);
}

std::string WriteCsv(const DataTable& data) {
  std::string text;
  auto line = [&](const std::vector<std::string>& fields) {
    for (size_t c = 0; c < fields.size(); ++c) text.append(c ? "," : "").append(CsvField(fields[c]));
    text += '\n';
  };
  line(data.columns);
  for (const auto& row : data.rows) {
    if (row.size() != data.columns.size())
      Fail("a row of figure data has {} fields for {} columns", row.size(), data.columns.size());
    line(row);
  }
  return text;
}

std::string IdOf(const std::string& name) {
  std::string id;
  for (const char c : name.substr(0, 60)) id += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return id;
}

std::string SeriesColor(size_t k) { return fmt::format("c{}", k % 7 + 1); }

int SeriesMark(size_t k) {
  // Filled circle, square, triangles, diamond ..., then open ones and crosses: twice as many as there are colours, and
  // moved on by one for each round.
  constexpr int kMarks[] = {7, 5, 9, 13, 11, 15, 6, 4, 8, 12, 10, 14, 2, 3};
  return kMarks[(k + k / 14) % 14];
}

std::string PlotCommand(const std::vector<std::string>& parts) {
  return fmt::format("plot {}\n", fmt::join(parts, ", \\\n  "));
}

std::string Boxes(const std::string& low, const std::string& high, const char* color, double half,
                  const std::string& x) {
  return fmt::format("data using {}:(0):($2-{}):($2+{}):({}):({}) with boxxyerror fillcolor rgb {}", x, half, half, low,
                     high, color);
}

std::string PlotArea::Commands() const {
  return fmt::format(
      "set lmargin at screen {}\nset rmargin at screen {}\nset tmargin at screen {}\nset bmargin at screen {}\n"
      "set xrange [{}:{}]\nset yrange [{}:{}]\n",
      static_cast<double>(left) / width, 1 - static_cast<double>(right) / width, 1 - static_cast<double>(top) / height,
      static_cast<double>(bottom) / height, x_min, x_max, y_min, y_max);
}

std::string PlotArea::Place(double x, double y) const {
  return fmt::format("screen {:.5f},{:.5f}", x / width, y / height);
}

std::string PlotArea::Label(const std::string& text, double x, double y, const std::string& style) const {
  return fmt::format("set label {} at {} {}\n", GnuplotString(text), Place(x, y), style);
}

std::string PlotArea::LogTicks() const {
  static const char* const kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const bool more = y_max / y_min<100, plain = y_min> 1e-4 && y_max < 1e4;
  std::vector<std::string> ticks;
  for (int exponent = static_cast<int>(std::floor(std::log10(y_min))); exponent <= std::log10(y_max); ++exponent) {
    std::string power = exponent < 0 ? "10⁻" : "10";
    for (const char digit : std::to_string(std::abs(exponent))) power += kDigits[digit - '0'];
    for (const int factor : {1, 2, 5}) {
      const double value = factor * std::pow(10.0, exponent);
      if (value < y_min || value > y_max || (factor > 1 && !(more && plain))) continue;
      ticks.push_back(fmt::format("'{}' {}", plain ? fmt::format("{:g}", value) : power, value));
    }
  }
  return fmt::format("set logscale y\nset ytics nomirror ({})\n", fmt::join(ticks, ", "));
}

std::string PlotArea::Titles(const std::string& x, const std::string& y) const {
  const std::string style = " font ',12' textcolor rgb ink";
  return (x.empty() ? "" : Label(x, (left + width - right) / 2.0, 11, "center" + style)) +
         (y.empty() ? "" : Label(y, 11, (bottom + height - top) / 2.0, "center rotate by 90" + style));
}

std::string KeyCommands(const std::vector<KeyEntry>& entries, const PlotArea& area, int columns) {
  std::string commands = "unset key\n";
  const double column = (area.width - 20.0) / columns;
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    const double x = 14 + column * static_cast<double>(i % static_cast<size_t>(columns)),
                 y = area.height - 12 - kKeyRow * static_cast<double>(i / static_cast<size_t>(columns));
    if (entry.mark > 0)
      commands += area.Label("", x + 9, y,
                             fmt::format("point pointtype {} pointsize 0.8 linecolor rgb {}", entry.mark, entry.color));
    else
      commands += fmt::format("set arrow from {} to {} nohead linecolor rgb {} linewidth {}\n", area.Place(x, y),
                              area.Place(x + 18, y), entry.color, entry.mark == 0 ? "1.2 dashtype 2" : "1.8");
    commands += area.Label(entry.text, x + 24, y, std::string("left") + kText);
  }
  return commands;
}

namespace {

bool Meet(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.bottom < b.top && b.bottom < a.top;
}

constexpr double kLetter = 0.58 * kLabelFont;  // a usual letter's width
constexpr double kHalf = 0.62 * kLabelFont;    // half a line
constexpr double kMark = 4.5;                  // half the size of a point

}  // namespace

double WidthOfLabel(const std::string& text) { return kLetter * static_cast<double>(CountCharacters(text)); }

void PlaceLabels(std::vector<PlacedLabel>& labels, const std::vector<Box>& obstacles, const PlotArea& area) {
  std::vector<Box> taken;
  for (const auto& one : obstacles)
    taken.push_back({one.left - kMark, one.bottom - kMark, one.right + kMark, one.top + kMark});
  const Box inside = {static_cast<double>(area.left), static_cast<double>(area.bottom),
                      static_cast<double>(area.width - area.right + std::min(area.right - 2, 16)),
                      static_cast<double>(area.height - area.top + 4)};
  for (auto& label : labels) {
    const double width = WidthOfLabel(label.text);
    // Right, left, above and below, then the corners.
    for (const auto& [dx, dy] : {std::pair(1, 0), {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}}) {
      const double left = label.x + (dx > 0 ? kMark + 2 : dx < 0 ? -kMark - 2 - width : -width / 2);
      const double base = label.y + dy * (kMark + kHalf + 1);
      const Box box = {left, base - kHalf, left + width, base + kHalf};
      const bool fits =
          box.left >= inside.left && box.right <= inside.right && box.bottom >= inside.bottom && box.top <= inside.top;
      if (!fits || std::any_of(taken.begin(), taken.end(), [&](const Box& other) { return Meet(other, box); }))
        continue;
      label.placed = true;
      label.left = left;
      label.base = base;
      taken.push_back(box);
      break;
    }
  }
}

}  // namespace skipbench
