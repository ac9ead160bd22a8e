#include "harness/report/escape.h"

#include <vector>

#include "harness/base/cells.h"
#include "harness/io/hdf5.h"

namespace skipbench {
namespace {

// Characters that have no shape of their own but change how the rest is shown.
bool IsControl(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

// The pieces of valid UTF-8 text, one for each code point, and what a piece stands for.
std::vector<std::string_view> CodePoints(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    pieces.push_back(text.substr(i, length));
    i += length;
  }
  return pieces;
}

char32_t Decode(std::string_view piece) {
  const auto lead = static_cast<unsigned char>(piece[0]);
  if (piece.size() == 1) return lead;
  char32_t value = lead & (0x7fu >> piece.size());
  for (const char c : piece.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  return value;
}

std::string Cleaned(std::string_view text, bool keep_line_ends) {
  std::string clean;
  const std::string valid = hdf5::CleanText(text);
  for (const auto piece : CodePoints(valid)) {
    const char32_t c = Decode(piece);
    if (c == U'\n' && keep_line_ends) clean += '\n';
    else if (c == U'\n' || c == U'\r' || c == U'\t') clean += ' ';
    else clean += IsControl(c) ? std::string_view("\xef\xbf\xbd") : piece;
  }
  return clean;
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

std::string GnuplotTickLabel(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled += c == '%' ? std::string("%%") : std::string(1, c);
  return GnuplotString(doubled);
}

std::string CsvField(std::string_view text) { return CsvCell(OneLine(text)); }

size_t CountCharacters(std::string_view text) {
  const std::string valid = hdf5::CleanText(text);
  return CodePoints(valid).size();
}

std::string Shortened(const std::string& text, int characters) {
  const std::string line = OneLine(text);
  const auto pieces = CodePoints(line);
  if (static_cast<int>(pieces.size()) <= characters) return line;
  std::string cut;
  for (int i = 0; i < characters - 3; ++i) cut += pieces[static_cast<size_t>(i)];
  return cut + "...";
}

}  // namespace skipbench
