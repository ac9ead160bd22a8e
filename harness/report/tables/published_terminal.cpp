#include "harness/report/tables/published_terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "harness/report/tables/display_width.h"
#include "harness/report/tables/terminal.h"

namespace skipbench {
namespace {

constexpr size_t kGap = 2, kLeast = 8;
constexpr std::string_view kNote = "      ";

// The column of notes, which have lines of their own; npos: there is none.
size_t NotesAt(const PublishedText& text) {
  const auto found = std::ranges::find(text.headings, "note");
  return found == text.headings.end() ? std::string::npos : static_cast<size_t>(found - text.headings.begin());
}

// Names may be cut; a number that is cut would be another one.
bool MayBeCut(const std::string& heading) { return heading != "published" && heading != "measured here"; }

// Of the columns that are shown, so that they fit where names can give way: the widest of them first.
std::vector<size_t> WidthsOf(const PublishedText& text, size_t notes, size_t width) {
  std::vector<size_t> widths;
  for (size_t c = 0; c < text.headings.size(); ++c) {
    widths.push_back(c == notes ? 0 : DisplayWidth(text.headings[c]));
    for (const auto& row : text.cells)
      if (c != notes) widths[c] = std::max(widths[c], DisplayWidth(row[c]));
  }
  const auto total = [&] {
    size_t sum = 0;
    for (size_t c = 0; c < widths.size(); ++c)
      if (c != notes) sum += widths[c] + kGap;
    return sum;
  };
  while (total() > width) {
    size_t widest = widths.size();
    for (size_t c = 0; c < widths.size(); ++c)
      if (MayBeCut(text.headings[c]) && (widest == widths.size() || widths[c] > widths[widest])) widest = c;
    if (widest == widths.size() || widths[widest] <= kLeast) break;
    --widths[widest];
  }
  return widths;
}

std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths, size_t notes) {
  std::string line;
  for (size_t c = 0; c < cells.size(); ++c)
    if (c != notes) line += std::string(kGap, ' ') + PadRight(FitWidth(cells[c], widths[c]), widths[c]);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string RenderPublishedTerminal(PublishedText text, size_t width, bool colour, size_t most) {
  if (text.empty()) return "";
  const size_t all = text.cells.size();
  text.cells.resize(std::min(all, most));
  const auto sources = NumberSources(&text);
  const size_t notes = NotesAt(text);
  const auto widths = WidthsOf(text, notes, width);
  std::string out = "\n" + Painted(std::string(kPublishedTitle) + ":", Paint::kBold, colour) + "\n";
  out += Painted(Line(text.headings, widths, notes), Paint::kFaint, colour);
  for (size_t r = 0; r < text.cells.size(); ++r) {
    const auto& row = text.cells[r];
    out += Line(row, widths, notes);
    // The same note of several rows is said below the last of them.
    if (notes == std::string::npos || row[notes] == "-") continue;
    if (r + 1 < text.cells.size() && text.cells[r + 1][notes] == row[notes]) continue;
    for (const auto& line : WrapText(row[notes], width - kNote.size()))
      out += Painted(std::string(kNote) + line, Paint::kFaint, colour) + "\n";
  }
  for (const auto& source : sources) out += "  " + source + "\n";  // whole, that a terminal may open it
  if (all > text.cells.size()) out += fmt::format("  ({} more published rows: --notes)\n", all - text.cells.size());
  return out;
}

}  // namespace skipbench
