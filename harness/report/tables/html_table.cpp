#include "harness/report/tables/html_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

constexpr const char* kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>skipbench</title>
<style>
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em; }
div { overflow-x: auto; }
table { border-collapse: collapse; margin: 1em 0; white-space: nowrap; font-variant-numeric: tabular-nums; }
th, td { padding: .2em .7em; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); text-align: right; }
th { border-bottom-color: currentColor; }
.text { text-align: left; }
</style>
</head>
<body>
)";

std::string Grid(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& cells) {
  // Columns of numbers are on the right: the others are those whose cells begin with a letter.
  std::vector<bool> text(headings.size(), false);
  for (const auto& row : cells)
    for (size_t c = 0; c < row.size(); ++c)
      text[c] = text[c] || c == 0 ||
                (!row[c].empty() && row[c] != "identical" && std::isalpha(static_cast<unsigned char>(row[c][0])));
  const auto line = [&](const char* tag, const std::vector<std::string>& row) {
    std::string out = "<tr>";
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string cell = HtmlText(OneLine(row[c]));
      const bool link = row[c].starts_with("https://");
      out += fmt::format("<{0}{1}>{2}</{0}>", tag, text[c] ? " class=\"text\"" : "",
                         link ? fmt::format("<a href=\"{0}\">{0}</a>", cell) : cell);
    }
    return out + "</tr>\n";
  };
  std::string out = "<div><table>\n<thead>\n" + line("th", headings) + "</thead>\n<tbody>\n";
  for (const auto& row : cells) out += line("td", row);
  return out + "</tbody>\n</table></div>\n";
}

}  // namespace

std::string RenderHtml(const TableText& text) {
  std::string out = kHead;
  for (size_t begin = 0; begin <= text.caption.size();) {
    const size_t end = std::min(text.caption.find('\n', begin), text.caption.size());
    out += fmt::format("<p>{}</p>\n", HtmlText(text.caption.substr(begin, end - begin)));
    begin = end + 1;
  }
  out += Grid(text.headings, text.cells);
  if (!text.more_headings.empty()) out += Grid(text.more_headings, text.more_cells);
  if (!text.published.empty())
    out += fmt::format("<p>{}:</p>\n", kPublishedTitle) + Grid(text.published.headings, text.published.cells);
  if (!text.notes.empty()) out += "<ul>\n";
  for (const auto& note : text.notes) out += fmt::format("<li>{}</li>\n", HtmlText(note));
  if (!text.notes.empty()) out += "</ul>\n";
  return out + "</body>\n</html>\n";
}

}  // namespace skipbench
