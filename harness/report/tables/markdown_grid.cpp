#include "harness/report/tables/markdown_grid.h"

#include <algorithm>

#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

size_t Width(const std::string& text) { return CountCharacters(text); }

}  // namespace

std::string MarkdownCell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  return escaped;
}

std::string MarkdownGrid(std::vector<std::vector<std::string>> rows, size_t text_columns, bool outcome) {
  const size_t columns = rows[0].size();
  const auto is_text = [&](size_t c) { return c < text_columns || (outcome && c + 1 == columns); };
  std::vector<size_t> widths(columns, 3);
  for (auto& row : rows)
    for (size_t c = 0; c < columns; ++c) {
      row[c] = MarkdownCell(row[c]);
      // A long reason in the last column need not push the others' borders out.
      if (!outcome || c + 1 < columns) widths[c] = std::max(widths[c], Width(row[c]));
    }
  if (outcome) widths[columns - 1] = Width(rows[0][columns - 1]);
  std::string out;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const std::string blanks(widths[c] - std::min(widths[c], Width(rows[r][c])), ' ');
      out += (c ? " | " : "| ") + (is_text(c) ? rows[r][c] + blanks : blanks + rows[r][c]);
    }
    out += " |\n";
    if (r > 0) continue;
    for (size_t c = 0; c < columns; ++c)
      out += (c ? " | " : "| ") + (is_text(c) ? std::string(widths[c], '-') : std::string(widths[c] - 1, '-') + ":");
    out += " |\n";
  }
  return out;
}

}  // namespace skipbench
