#include "harness/report/figures/figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "harness/base/error.h"
#include "harness/report/tables/escape.h"

namespace skipbench {

std::string DataNumber(double value) {
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

std::string SeriesColor(int k) { return fmt::format("c{}", k % 7 + 1); }

int SeriesMark(int k) {
  constexpr int kMarks[] = {7, 5, 9, 13, 11, 15, 6};  // filled circle, square, triangles, diamond ...
  return kMarks[k % 7];
}

std::string PlotArea::Commands() const {
  return fmt::format(
      "set lmargin at screen {}\nset rmargin at screen {}\nset tmargin at screen {}\nset bmargin at screen {}\n"
      "set xrange [{}:{}]\nset yrange [{}:{}]\n",
      static_cast<double>(left) / width, 1 - static_cast<double>(right) / width, 1 - static_cast<double>(top) / height,
      static_cast<double>(bottom) / height, x_min, x_max, y_min, y_max);
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
  std::string commands;
  if (!x.empty())
    commands += fmt::format("set label {} at screen {:.5f},{:.5f} center font ',12' textcolor rgb ink\n",
                            GnuplotString(x), (left + width - right) / 2.0 / width, 11.0 / height);
  if (!y.empty())
    commands += fmt::format("set label {} at screen {:.5f},{:.5f} center rotate by 90 font ',12' textcolor rgb ink\n",
                            GnuplotString(y), 11.0 / width, (bottom + height - top) / 2.0 / height);
  return commands;
}

std::string KeyCommands(const std::vector<KeyEntry>& entries, const PlotArea& area, int columns) {
  std::string commands = "unset key\n";
  const double column = (area.width - 20.0) / columns;
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    const double x = 14 + column * static_cast<double>(i % static_cast<size_t>(columns)),
                 y = area.height - 12 - kKeyRow * static_cast<double>(i / static_cast<size_t>(columns));
    if (entry.mark > 0)
      commands +=
          fmt::format("set label '' at screen {:.5f},{:.5f} point pointtype {} pointsize 0.8 linecolor rgb {}\n",
                      (x + 9) / area.width, y / area.height, entry.mark, entry.color);
    else
      commands += fmt::format(
          "set arrow from screen {:.5f},{:.5f} to screen {:.5f},{:.5f} nohead linecolor rgb {} linewidth {}\n",
          x / area.width, y / area.height, (x + 18) / area.width, y / area.height, entry.color,
          entry.mark == 0 ? "1.2 dashtype 2" : "1.8");
    commands += fmt::format("set label {} at screen {:.5f},{:.5f} left font ',11' textcolor rgb ink\n",
                            GnuplotString(entry.text), (x + 24) / area.width, y / area.height);
  }
  return commands;
}

namespace {

struct Box {
  double left, bottom, right, top;
  bool Meets(const Box& other) const {
    return left < other.right && other.left < right && bottom < other.top && other.bottom < top;
  }
};

constexpr double kLetter = 0.58 * kLabelFont;  // a usual letter's width
constexpr double kHalf = 0.62 * kLabelFont;    // half a line
constexpr double kMark = 4.5;                  // half the size of a point

}  // namespace

void PlaceLabels(std::vector<PlacedLabel>& labels, const std::vector<Obstacle>& obstacles, const PlotArea& area) {
  std::vector<Box> taken;
  for (const auto& one : obstacles)
    taken.push_back({one.left - kMark, one.bottom - kMark, one.right + kMark, one.top + kMark});
  const Box inside = {static_cast<double>(area.left), static_cast<double>(area.bottom),
                      static_cast<double>(area.width - 2), static_cast<double>(area.height - area.top + 4)};
  for (auto& label : labels) {
    const double width = kLetter * static_cast<double>(CountCharacters(label.text));
    const double gap = kMark + 2;
    // Right, left, above and below, then the corners.
    const double lefts[] = {label.x + gap, label.x - gap - width, label.x - width / 2,   label.x - width / 2,
                            label.x + gap, label.x + gap,         label.x - gap - width, label.x - gap - width};
    const double rise = kMark + kHalf + 1;
    const double bases[] = {label.y,        label.y,        label.y + rise, label.y - rise,
                            label.y + rise, label.y - rise, label.y + rise, label.y - rise};
    for (int i = 0; i < 8 && !label.placed; ++i) {
      const Box box = {lefts[i], bases[i] - kHalf, lefts[i] + width, bases[i] + kHalf};
      const bool fits =
          box.left >= inside.left && box.right <= inside.right && box.bottom >= inside.bottom && box.top <= inside.top;
      if (!fits || std::any_of(taken.begin(), taken.end(), [&](const Box& other) { return other.Meets(box); }))
        continue;
      label.placed = true;
      label.left = box.left;
      label.base = bases[i];
      taken.push_back(box);
    }
  }
}

}  // namespace skipbench
