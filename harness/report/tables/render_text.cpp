#include "harness/report/tables/render_text.h"

#include <algorithm>

#include "harness/report/tables/markdown_grid.h"

namespace skipbench {
namespace {

std::string LatexText(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        escaped += '\\';
        escaped += c;
        break;
      case '\\': escaped += "\\textbackslash{}"; break;
      case '~': escaped += "\\textasciitilde{}"; break;
      case '^': escaped += "\\textasciicircum{}"; break;
      case '<': escaped += "\\textless{}"; break;
      case '>': escaped += "\\textgreater{}"; break;
      case '|': escaped += "\\textbar{}"; break;
      case '\n':
      case '\r':
      case '\t': escaped += ' '; break;
      default: escaped += c;
    }
  }
  return escaped;
}

// The first and, with an outcome, the last column are text, the others numbers.
bool IsText(size_t column, size_t columns, bool outcome) { return column == 0 || (outcome && column + 1 == columns); }

std::string LatexGrid(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& cells,
                      bool outcome) {
  std::string alignment;
  for (size_t c = 0; c < headings.size(); ++c) alignment += IsText(c, headings.size(), outcome) ? 'l' : 'r';
  const auto line = [](const std::vector<std::string>& row) {
    std::string out = "  ";
    for (size_t c = 0; c < row.size(); ++c) out += (c ? " & " : "") + LatexText(row[c]);
    return out + " \\\\\n";
  };
  std::string out = "\\resizebox{\\textwidth}{!}{%\n\\begin{tabular}{" + alignment + "}\n  \\toprule\n" +
                    line(headings) + "  \\midrule\n";
  for (const auto& row : cells) out += line(row);
  return out + "  \\bottomrule\n\\end{tabular}}\n";
}

}  // namespace

std::string RenderMarkdown(const Table& table) { return RenderMarkdown(Layout(table)); }
std::string RenderLatex(const Table& table) { return RenderLatex(Layout(table)); }

std::string RenderMarkdown(const TableText& text) {
  const auto grid = [](const std::vector<std::string>& headings, std::vector<std::vector<std::string>> cells,
                       bool outcome) {
    cells.insert(cells.begin(), headings);
    return MarkdownGrid(std::move(cells), 1, outcome);
  };
  std::string out = text.caption + "\n\n" + grid(text.headings, text.cells, true);
  if (!text.more_headings.empty()) out += "\n" + grid(text.more_headings, text.more_cells, false);
  if (!text.notes.empty()) out += "\n";
  for (const auto& note : text.notes) out += "- " + MarkdownCell(note) + "\n";
  return out;
}

std::string RenderLatex(const TableText& text) {
  std::string out = "\\begin{table}\n\\caption{" + LatexText(text.caption) + "}\n\\centering\n" +
                    LatexGrid(text.headings, text.cells, true);
  if (!text.more_headings.empty()) out += "\n\\medskip\n" + LatexGrid(text.more_headings, text.more_cells, false);
  for (const auto& note : text.notes) out += "\n{\\footnotesize " + LatexText(note) + "\\par}\n";
  return out + "\\end{table}\n";
}

}  // namespace skipbench
