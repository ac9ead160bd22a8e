#include "harness/report/tables/escape.h"

#include <algorithm>

#include "harness/base/format.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

// Characters that have no shape of their own but change how the rest is shown; Persian and the scripts of India are
// spelled with joiners and non-joiners, which change their neighbours alone.
bool IsControl(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f && c != 0x200c && c != 0x200d) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

std::string Cleaned(std::string_view text, bool keep_line_ends) {
  std::u32string clean = DecodeUtf8(text);
  for (char32_t& c : clean) {
    if (c == U'\n' && keep_line_ends) continue;
    if (c == U'\n' || c == U'\r' || c == U'\t')
      c = U' ';
    else if (IsControl(c))
      c = U'\ufffd';
  }
  return EncodeUtf8(clean);
}

}  // namespace

std::string OneLine(std::string_view text) { return Cleaned(text, false); }

std::string HtmlText(std::string_view text) {
  std::string escaped;
  for (const char c : Cleaned(text, true)) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

// In single quotes gnuplot substitutes neither commands nor backslashes; a quote is doubled.
std::string GnuplotString(std::string_view text) {
  std::string quoted = "'";
  for (const char c : OneLine(text)) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string CsvField(std::string_view text) { return CsvCell(OneLine(text)); }

size_t CountCharacters(std::string_view text) { return DecodeUtf8(text).size(); }

std::string Shortened(const std::string& text, int characters) {
  const std::string line = OneLine(text);
  const std::u32string code_points = DecodeUtf8(line);
  if (static_cast<int>(code_points.size()) <= characters) return line;
  return EncodeUtf8(code_points.substr(0, static_cast<size_t>(std::max(characters - 3, 0)))) + "...";
}

}  // namespace skipbench
