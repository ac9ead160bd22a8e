#include "harness/report/page/page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/report/tables/escape.h"
#include "harness/report/tables/table_text.h"

namespace skipbench {
namespace {

constexpr const char* kPageStyle = R"css(
:root { color-scheme: light dark; --ink: #1a1a1a; --muted: #595959; --line: #d9d9d9; --paper: #ffffff; --soft: #f5f6f8; --accent: #0060a0; --warn: #8a4b00; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --muted: #b4b4b4; --line: #3b3f46; --paper: #16181c; --soft: #1f2228; --accent: #7cc0f0; --warn: #f0b93a; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 80rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 1.4rem 0 .4rem; }
p, ul, dl { max-width: 48rem; margin: .5rem 0; }
a { color: var(--accent); }
.muted, figcaption, .notes, .files { color: var(--muted); }
.warn { border-left: .3rem solid var(--warn); background: var(--soft); padding: .5rem .8rem; max-width: 48rem; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .8rem 0; max-width: none; }
.scroll { overflow-x: auto; margin: .8rem 0; border: 1px solid var(--line); border-radius: .3rem; }
.scroll:focus-visible { outline: 2px solid var(--accent); }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
.scroll > table { width: 100%; }
th, td { padding: .35rem .5rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { vertical-align: bottom; color: var(--muted); font-weight: 600; white-space: normal; }
th:first-child, td.text { text-align: left; }
tbody th { position: sticky; left: 0; background: var(--paper); font-weight: 500; white-space: normal; min-width: 12.5rem; max-width: 17rem; overflow-wrap: break-word; }
td.text { white-space: normal; min-width: 7rem; }
tr.reference > * { background: var(--soft); }
.ci { display: block; color: var(--muted); font-size: .78rem; }
.notes { font-size: .87rem; padding-left: 1.2rem; max-width: 60rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1.6rem 1.4rem; margin: 1rem 0; align-items: start; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure.wide { grid-column: 1 / -1; max-width: 46rem; }
figure img { display: block; width: 100%; height: auto; }
figcaption { font-size: .87rem; line-height: 1.4; margin-top: .3rem; }
figcaption b { color: var(--ink); display: block; }
.files { font-size: .8rem; }
details { margin: .8rem 0; }
summary { cursor: pointer; color: var(--accent); }
pre { overflow-x: auto; background: var(--soft); padding: .8rem; font-size: .8rem; line-height: 1.35; border-radius: .3rem; }
dt { font-weight: 600; font-size: .87rem; margin-top: .5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.grid td, .grid th { padding: .3rem; vertical-align: top; text-align: left; border: 0; white-space: normal; }
.grid thead th { min-width: 8rem; max-width: 12rem; overflow-wrap: break-word; }
.grid tbody th { font-size: .85rem; font-weight: 400; min-width: 6.5rem; max-width: 11rem; }
.grid img { display: block; width: 100%; min-width: 8rem; max-width: 16rem; height: auto; }
.grid img.small { image-rendering: pixelated; }
.grid .none { display: block; background: var(--soft); min-height: 6rem; padding: .5rem; }
@media (max-width: 30rem) {
  body { padding: 1rem .75rem 3rem; }
  th, td { padding: .3rem .45rem; }
  .grid tbody th { position: static; }
  figure.wide picture { display: block; overflow-x: auto; }
  figure.wide img { min-width: 34rem; }
  tbody th { min-width: 7.5rem; max-width: 8.5rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .files { display: none; }
  .scroll { overflow: visible; border: 0; }
  table { font-size: 6.5pt; }
  th, td { padding: .12rem .25rem; white-space: normal; }
  tbody th { position: static; min-width: 0; }
  .figures { grid-template-columns: 1fr 1fr; }
  .grid img { min-width: 0; }
  .grid thead th { min-width: 0; }
  h2 { break-after: avoid; }
  tr { break-inside: avoid; }
}
)css";

std::string Paragraph(const std::string& text, const char* css = "") {
  return fmt::format("<p{}>{}</p>\n", *css ? fmt::format(" class=\"{}\"", css) : "", HtmlText(text));
}

std::string List(const std::vector<std::string>& items, const char* css) {
  if (items.empty()) return "";
  std::string html = fmt::format("<ul class=\"{}\">\n", css);
  for (const auto& item : items) html += "<li>" + HtmlText(item) + "</li>\n";
  return html + "</ul>\n";
}

// A label that may be broken where its parts end.
std::string LabelText(const std::string& label) {
  std::string html;
  for (const char c : HtmlText(OneLine(label))) {
    html += c;
    if (c == '(' || c == ',' || c == '_') html += "<wbr>";
  }
  return html;
}

// ---- table ----------------------------------------------------------------------------------------------------------

// "51.33 [49.68, 52.89]": the interval in a line of its own.
std::string CellText(const std::string& cell) {
  const size_t bracket = cell.find(" [");
  if (bracket == std::string::npos) return HtmlText(cell);
  return HtmlText(cell.substr(0, bracket)) + " <span class=\"ci\">" + HtmlText(cell.substr(bracket + 1)) + "</span>";
}

using Cells = std::vector<std::vector<std::string>>;

// A table up to its body; of pictures the rows' captions have no heading.
std::string TableStart(const std::string& name, const std::vector<std::string>& headings, bool pictures = false) {
  std::string html =
      fmt::format("<div class=\"scroll{}\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n<table>\n<thead><tr>{}",
                  pictures ? " grid" : "", name, pictures ? "<td></td>" : "");
  for (const auto& heading : headings) html += "<th scope=\"col\">" + HtmlText(heading) + "</th>";
  return html + "</tr></thead>\n<tbody>\n";
}
constexpr const char* kTableEnd = "</tbody>\n</table>\n</div>\n";

// `outcome`: the last column is text.
std::string GridTable(const Table& table, const std::string& name, const std::vector<std::string>& headings,
                      const Cells& rows, bool outcome) {
  std::string html = TableStart(name, headings);
  for (size_t r = 0; r < rows.size(); ++r) {
    html += table.rows[r].setting.reference ? "<tr class=\"reference\">" : "<tr>";
    html += "<th scope=\"row\">" + LabelText(rows[r][0]) + "</th>";
    for (size_t c = 1; c < rows[r].size(); ++c)
      html += outcome && c + 1 == rows[r].size() ? "<td class=\"text\">" + HtmlText(rows[r][c]) + "</td>"
                                                 : "<td>" + CellText(rows[r][c]) + "</td>";
    html += "</tr>\n";
  }
  return html + kTableEnd;
}

std::string TableHtml(const Table& table, const TableText& text) {
  std::string html = GridTable(table, "Table of all settings", text.headings, text.cells, true);
  if (!text.more_headings.empty())
    html += GridTable(table, "Further metrics of all settings", text.more_headings, text.more_cells, false);
  html += List(text.notes, "notes");
  return html +
         "<p class=\"files\">The same table: <a href=\"table.tex\">LaTeX</a>, <a href=\"table.md\">Markdown</a>, "
         "<a href=\"table.csv\">CSV</a>, <a href=\"table.json\">JSON</a> (the last two with all digits).</p>\n";
}

// ---- figures --------------------------------------------------------------------------------------------------------

std::string FigureHtml(const Figure& figure) {
  const std::string& id = figure.id;
  return fmt::format(
      "<figure id=\"figure_{0}\"{1}>\n"
      "<picture><source srcset=\"figures/{0}.dark.svg\" media=\"screen and (prefers-color-scheme: dark)\">"
      "<img src=\"figures/{0}.svg\" width=\"{2}\" height=\"{3}\" alt=\"{4}\"></picture>\n"
      "<figcaption><b>{5}</b> {6} <span class=\"files\"><a href=\"figures/{0}.svg\">SVG</a> "
      "<a href=\"figures/{0}.png\">PNG</a> <a href=\"figures/{0}.pdf\">PDF</a> "
      "<a href=\"figures/src/{0}.csv\">data</a> <a href=\"figures/src/{0}.gp\">gnuplot</a></span>"
      "</figcaption>\n</figure>\n",
      id, figure.width > 560 ? " class=\"wide\"" : "", figure.width, figure.height, HtmlText(figure.alt),
      HtmlText(figure.title), HtmlText(figure.caption));
}

std::string FiguresHtml(const std::vector<Figure>& figures) {
  std::string html = "<div class=\"figures\">\n";
  for (const auto& figure : figures) html += FigureHtml(figure);
  return html + "</div>\n";
}

std::string Heading(const std::string& id, const std::string& title) {
  return fmt::format("<h2 id=\"{}\">{}</h2>\n", id, HtmlText(title));
}

std::string SectionHtml(const FigureSection& section) {
  if (section.figures.empty() && section.details.empty()) return "";
  std::string html = Heading(section.id, section.title) + Paragraph(section.intro);
  if (!section.figures.empty()) html += FiguresHtml(section.figures);
  if (!section.details.empty())
    html += fmt::format("<details>\n<summary>{} ({} figures)</summary>\n{}</details>\n",
                        HtmlText(section.details_title), section.details.size(), FiguresHtml(section.details));
  return html;
}

// ---- pictures -------------------------------------------------------------------------------------------------------

std::string GridHtml(const PictureGrid& grid) {
  std::string html = grid.title.empty() ? "" : "<h3>" + HtmlText(grid.title) + "</h3>\n";
  html += TableStart("Pictures", grid.columns, true);
  for (size_t r = 0; r < grid.rows.size(); ++r) {
    html += "<tr><th scope=\"row\">" + HtmlText(grid.rows[r]) + "</th>";
    for (size_t c = 0; c < grid.columns.size(); ++c) {
      const auto& cell = grid.cells[r * grid.columns.size() + c];
      if (cell.file.empty()) {
        html += "<td><span class=\"none\">" + HtmlText(cell.note) + "</span></td>";
        continue;
      }
      html +=
          fmt::format("<td><img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\"{}><span class=\"ci\">{}</span></td>",
                      HtmlText(cell.file), grid.width, grid.height, HtmlText(cell.alt),
                      grid.width < 128 ? " class=\"small\"" : "", HtmlText(cell.note));
    }
    html += "</tr>\n";
  }
  return html + kTableEnd;
}

std::string PicturesHtml(const PageContent& content) {
  if (content.grids.empty()) return "";
  std::string html = Heading("pictures", "Pictures") +
                     Paragraph(
                         "Every row starts from the same noise. The samples are the first ones of the run, not chosen. "
                         "Below each picture: network evaluations, and PSNR against the picture of the reference.");
  for (const auto& grid : content.grids) html += GridHtml(grid);
  return html + "<p class=\"files\">In one file: <a href=\"pictures/contact_sheet.png\">contact_sheet.png</a>" +
         (content.missing_fonts.empty() ? ""
                                        : HtmlText(" (" + content.missing_fonts + ": boxes stand in their place)")) +
         "</p>\n";
}

// ---- where it comes from --------------------------------------------------------------------------------------------

std::string Entry(const std::string& term, const std::string& text) {
  return text.empty() ? "" : fmt::format("<dt>{}</dt><dd>{}</dd>\n", HtmlText(term), HtmlText(text));
}

std::string EnvironmentText(const Json& one) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : one.items())
    if (!value.is_null())
      parts.push_back(fmt::format("{} {}", key, value.is_string() ? value.get<std::string>() : value.dump()));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string ProvenanceHtml(const ReportData& data) {
  const RunHeader& header = data.table.header;
  std::string html = Heading("provenance", "Where this comes from") + "<dl>\n";
  html += Entry("model", header.model + (header.model_hash.empty() ? "" : ", hash " + header.model_hash));
  html += Entry("precision", header.dtype);
  html += Entry("seed", std::to_string(header.seed));
  html += Entry("samples", fmt::format("{} of {}", data.table.samples, header.sample_count));
  for (const auto& one : data.table.environments) html += Entry("made on", EnvironmentText(one));
  if (header.git_dirty) html += Entry("note", "skipbench was built from modified sources.");
  html += "</dl>\n";
  const auto details = [&](const char* summary, const std::string& text) {
    html += fmt::format("<details>\n<summary>{}</summary>\n<pre>{}</pre>\n</details>\n", summary, text);
  };
  std::string files;
  for (const auto& [file, hash] : header.model_files) files += HtmlText(OneLine(hash) + "  " + OneLine(file)) + "\n";
  if (!files.empty()) details("SHA-256 of the model's files", files);
  const auto dump = [](const Json& json) { return HtmlText(json.dump(2, ' ', false, Json::error_handler_t::replace)); };
  details("The config, as given", dump(header.config));
  details("The config with every default, as it was run", dump(header.expanded_config));
  return html;
}

}  // namespace

std::string RenderPage(const ReportData& data, const PageContent& content) {
  const RunHeader& header = data.table.header;
  const TableText text = Layout(data.table);
  std::string body, nav;
  auto add = [&](const std::string& id, const std::string& title, const std::string& html) {
    if (html.empty()) return;
    nav += fmt::format("<li><a href=\"#{}\">{}</a></li>", id, HtmlText(title));
    body += html;
  };
  add("table", "Table", Heading("table", "What each setting costs and keeps") + TableHtml(data.table, text));
  std::vector<std::string> missing;
  for (const auto& section : content.sections) {
    add(section.id, section.title, SectionHtml(section));
    missing.insert(missing.end(), section.missing.begin(), section.missing.end());
  }
  add("pictures", "Pictures", PicturesHtml(content));
  if (!content.no_pictures.empty()) missing.push_back(content.no_pictures);
  if (!missing.empty())
    add("missing", "Not in this result",
        Heading("missing", "Not in this result") + Paragraph("Figures for which the result has no data:") +
            List(missing, "notes"));
  add("provenance", "Where this comes from", ProvenanceHtml(data));

  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += fmt::format(
      "<meta name=\"generator\" content=\"{}\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<header>\n",
      kGenerator, HtmlText(OneLine(header.name) + " – skipbench"), kPageStyle);
  html += "<h1>" + HtmlText(OneLine(header.name)) + "</h1>\n" + Paragraph(text.caption, "muted");
  if (!data.result.complete() && !(data.table.decisions && data.table.decisions->finished))
    html += Paragraph(fmt::format("Not finished: {} of {} samples are in the result; everything below is over these.",
                                  data.table.samples, header.sample_count),
                      "warn");
  html += "<nav aria-label=\"Contents\"><ul>" + nav + "</ul></nav>\n</header>\n<main>\n" + body +
          "</main>\n</body>\n</html>\n";
  return html;
}

}  // namespace skipbench
