#include "harness/report/tables/display_width.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <sstream>

#include "harness/base/text.h"
#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

size_t WidthOf(char32_t c) {
  const auto point = static_cast<UChar32>(c);
  switch (u_charType(point)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
    case U_CONTROL_CHAR: return 0;
    default: break;
  }
  const int width = u_getIntPropertyValue(point, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

size_t WidthOf(std::u32string_view text) {
  size_t width = 0;
  for (const char32_t c : text) width += WidthOf(c);
  return width;
}

}  // namespace

size_t DisplayWidth(std::string_view text) { return WidthOf(DecodeUtf8(text)); }

std::string PadLeft(const std::string& text, size_t width) {
  return std::string(width - std::min(width, DisplayWidth(text)), ' ') + text;
}

std::string PadRight(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, DisplayWidth(text)), ' ');
}

std::string FitWidth(const std::string& text, size_t width) {
  const std::string line = OneLine(text);
  const std::u32string points = DecodeUtf8(line);
  if (WidthOf(points) <= width) return line;
  if (width <= 3) return std::string(width, '.');
  const size_t front = (width - 3 + 1) / 2, back = width - 3 - front;
  size_t begin = 0, end = points.size();
  for (size_t used = 0; used + WidthOf(points[begin]) <= front; ++begin) used += WidthOf(points[begin]);
  for (size_t used = 0; end > begin && used + WidthOf(points[end - 1]) <= back; --end) used += WidthOf(points[end - 1]);
  return EncodeUtf8(points.substr(0, begin)) + "..." + EncodeUtf8(points.substr(end));
}

std::string FitBeginning(const std::string& text, size_t width) {
  const std::string line = OneLine(text);
  const std::u32string points = DecodeUtf8(line);
  if (WidthOf(points) <= width) return line;
  if (width <= 3) return std::string(width, '.');
  size_t end = 0;
  for (size_t used = 0; used + WidthOf(points[end]) <= width - 3; ++end) used += WidthOf(points[end]);
  return EncodeUtf8(points.substr(0, end)) + "...";
}

std::vector<std::string> WrapText(const std::string& text, size_t width, const std::string& indent) {
  std::vector<std::string> lines;
  std::istringstream words(OneLine(text));
  bool begun = false;
  for (std::string word; words >> word;) {
    if (begun && DisplayWidth(lines.back()) + 1 + DisplayWidth(word) <= width) {
      lines.back() += ' ' + word;
      continue;
    }
    lines.push_back((begun ? indent : "") + word);
    begun = true;
  }
  return lines;
}

}  // namespace skipbench
