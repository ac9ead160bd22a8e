// The table for people: Markdown and LaTeX.
#include <algorithm>

#include "harness/report/drawing.h"
#include "harness/report/layout.h"

namespace skipbench {
namespace {

size_t Width(const std::string& text) { return Characters(text).size(); }

std::string Pad(const std::string& text, size_t width, bool right) {
  const std::string blanks(width - std::min(width, Width(text)), ' ');
  return right ? blanks + text : text + blanks;
}

// Neither a line's end nor a bar may end a cell early.
std::string MarkdownCell(std::string text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  return escaped;
}

std::string LatexText(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': case '%': case '$': case '#': case '_': case '{': case '}':
        escaped += '\\';
        escaped += c;
        break;
      case '\\': escaped += "\\textbackslash{}"; break;
      case '~': escaped += "\\textasciitilde{}"; break;
      case '^': escaped += "\\textasciicircum{}"; break;
      case '<': escaped += "\\textless{}"; break;
      case '>': escaped += "\\textgreater{}"; break;
      case '|': escaped += "\\textbar{}"; break;
      case '\n': case '\r': case '\t': escaped += ' '; break;
      default: escaped += c;
    }
  }
  return escaped;
}

// The first and, with an outcome, the last column are text, the others numbers.
bool IsText(size_t column, size_t columns, bool outcome) { return column == 0 || (outcome && column + 1 == columns); }

// `outcome`: the last column is text that may be long.
std::string MarkdownGrid(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& cells, bool outcome) {
  const size_t columns = headings.size();
  std::vector<std::vector<std::string>> rows = {headings};
  rows.insert(rows.end(), cells.begin(), cells.end());
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
    for (size_t c = 0; c < columns; ++c) out += (c ? " | " : "| ") + Pad(rows[r][c], widths[c], !IsText(c, columns, outcome));
    out += " |\n";
    if (r > 0) continue;
    for (size_t c = 0; c < columns; ++c)
      out += (c ? " | " : "| ") + (IsText(c, columns, outcome) ? std::string(widths[c], '-') : std::string(widths[c] - 1, '-') + ":");
    out += " |\n";
  }
  return out;
}

std::string LatexGrid(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& cells, bool outcome) {
  std::string alignment;
  for (size_t c = 0; c < headings.size(); ++c) alignment += IsText(c, headings.size(), outcome) ? 'l' : 'r';
  const auto line = [](const std::vector<std::string>& row) {
    std::string out = "  ";
    for (size_t c = 0; c < row.size(); ++c) out += (c ? " & " : "") + LatexText(row[c]);
    return out + " \\\\\n";
  };
  std::string out = "\\resizebox{\\textwidth}{!}{%\n\\begin{tabular}{" + alignment + "}\n  \\toprule\n" + line(headings) + "  \\midrule\n";
  for (const auto& row : cells) out += line(row);
  return out + "  \\bottomrule\n\\end{tabular}}\n";
}

}  // namespace

std::string RenderMarkdown(const Table& table) { return RenderMarkdown(Layout(table)); }
std::string RenderLatex(const Table& table) { return RenderLatex(Layout(table)); }

std::string RenderMarkdown(const TableText& text) {
  std::string out = text.caption + "\n\n" + MarkdownGrid(text.headings, text.cells, true);
  if (!text.more_headings.empty()) out += "\n" + MarkdownGrid(text.more_headings, text.more_cells, false);
  if (!text.notes.empty()) out += "\n";
  for (const auto& note : text.notes) out += "- " + MarkdownCell(note) + "\n";
  return out;
}

std::string RenderLatex(const TableText& text) {
  std::string out = "\\begin{table}\n\\caption{" + LatexText(text.caption) + "}\n\\centering\n" + LatexGrid(text.headings, text.cells, true);
  if (!text.more_headings.empty()) out += "\n\\medskip\n" + LatexGrid(text.more_headings, text.more_cells, false);
  for (const auto& note : text.notes) out += "\n{\\footnotesize " + LatexText(note) + "\\par}\n";
  return out + "\\end{table}\n";
}

}  // namespace skipbench
