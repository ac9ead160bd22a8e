#include "harness/report/page/page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "harness/base/format.h"
#include "harness/report/page/page_assets.h"
#include "harness/report/tables/escape.h"
#include "harness/report/tables/table_columns.h"
#include "harness/report/tables/table_text.h"
#include "harness/report/tables/verdict_text.h"

namespace skipbench {
namespace {

std::string Paragraph(const std::string& text, const char* css = "") {
  return fmt::format("<p{}>{}</p>\n", *css ? fmt::format(" class=\"{}\"", css) : "", HtmlText(text));
}

std::string Heading(const std::string& id, const std::string& title) {
  return fmt::format("<h2 id=\"{}\">{}</h2>\n", id, HtmlText(title));
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

// "51.33 [49.68, 52.89]", "0.297 (0.270-0.310)": the interval, range or ratio in a line of its own.
std::string CellText(const std::string& cell) {
  const size_t bracket = std::min(cell.find(" ["), cell.find(" ("));
  if (bracket == std::string::npos) return HtmlText(cell);
  return HtmlText(cell.substr(0, bracket)) + " <span class=\"ci\">" + HtmlText(cell.substr(bracket + 1)) + "</span>";
}

using Cells = std::vector<std::vector<std::string>>;

// A table up to its body; of pictures the rows' captions have no heading.
std::string TableStart(const std::string& name, const std::vector<std::string>& headings, bool pictures = false) {
  std::string html = fmt::format(
      "<div class=\"scroll{}\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n<table{}>\n<thead><tr>{}",
      pictures ? " grid pictures" : "", name, pictures ? "" : " class=\"sortable\"", pictures ? "<td></td>" : "");
  for (const auto& heading : headings) html += "<th scope=\"col\">" + HtmlText(heading) + "</th>";
  return html + "</tr></thead>\n<tbody>\n";
}
constexpr const char* kTableEnd = "</tbody>\n</table>\n</div>\n";

// `outcome`: the last column is text.
std::string GridTable(const Table& table, const std::string& name, const std::vector<std::string>& headings,
                      const Cells& rows, bool outcome) {
  std::string html = TableStart(name, headings);
  for (size_t r = 0; r < rows.size(); ++r) {
    const JudgedSetting* judged = JudgedOf(table, table.rows[r]);
    html += table.rows[r].setting.reference ? "<tr class=\"reference\">"
            : !judged || !judged->pareto    ? "<tr>"
            : judged->beaten_between()      ? "<tr class=\"pareto between\">"
                                            : "<tr class=\"pareto\">";
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

// The source becomes a link.
std::string PublishedHtml(const PublishedText& text) {
  if (text.empty()) return "";
  std::string html =
      Heading("published", kPublishedTitle) +
      Paragraph("Numbers of papers and documentation, each as its source has it: on other machines, data and code.",
                "muted") +
      "<div class=\"scroll published\" tabindex=\"0\" role=\"region\" aria-label=\"Published numbers\">\n<table>\n"
      "<thead><tr>";
  for (const auto& heading : text.headings) html += "<th scope=\"col\">" + HtmlText(heading) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : text.cells) {
    html += "<tr>";
    for (size_t c = 0; c + 1 < row.size(); ++c)
      html +=
          "<td class=\"text\">" + (text.headings[c] == "measured here" ? CellText(row[c]) : HtmlText(row[c])) + "</td>";
    html += fmt::format("<td class=\"text\"><a href=\"{0}\">{0}</a></td></tr>\n", HtmlText(row.back()));
  }
  return html + kTableEnd;
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

// The figure of the first screen; in one column where there is little room.
std::string OverviewHtml(const PageContent& content) {
  if (!content.overview) return "";
  const Figure& figure = *content.overview;
  const auto source = [](const std::string& id, const char* theme, const std::string& media) {
    return fmt::format("<source srcset=\"figures/{}{}.svg\" media=\"{}\">", id, theme, media);
  };
  std::string sources;
  if (content.overview_narrow) {
    const std::string& narrow = content.overview_narrow->id;
    sources += source(narrow, ".dark", "screen and (max-width: 40rem) and (prefers-color-scheme: dark)") +
               source(narrow, "", "screen and (max-width: 40rem)");
  }
  sources += source(figure.id, ".dark", "screen and (prefers-color-scheme: dark)");
  return fmt::format(
      "<figure class=\"overview\" id=\"figure_{0}\">\n<picture>{1}<img src=\"figures/{0}.svg\" width=\"{2}\" "
      "height=\"{3}\" alt=\"{4}\"></picture>\n<figcaption><b>{5}</b> {6} <span class=\"files\"><a "
      "href=\"figures/{0}.svg\">SVG</a> <a href=\"figures/{0}.png\">PNG</a> <a href=\"figures/{0}.pdf\">PDF</a> <a "
      "href=\"figures/src/{0}.csv\">data</a> <a "
      "href=\"figures/src/{0}.gp\">gnuplot</a></span></figcaption>\n</figure>\n",
      figure.id, sources, figure.width, figure.height, HtmlText(figure.alt), HtmlText(figure.title),
      HtmlText(figure.caption));
}

std::string FiguresHtml(const std::vector<Figure>& figures) {
  std::string html = "<div class=\"figures\">\n";
  for (const auto& figure : figures) html += FigureHtml(figure);
  return html + "</div>\n";
}

bool IsEmpty(const FigureSection& section) { return section.figures.empty() && section.details.empty(); }

std::string SectionHtml(const FigureSection& section) {
  if (IsEmpty(section)) return "";
  std::string html = Heading(section.id, section.title) + Paragraph(section.intro);
  if (section.folded && !section.figures.empty())
    html += fmt::format("<details>\n<summary>Show ({} figures)</summary>\n{}</details>\n", section.figures.size(),
                        FiguresHtml(section.figures));
  else if (!section.figures.empty())
    html += FiguresHtml(section.figures);
  if (!section.details.empty())
    html += fmt::format("<details>\n<summary>{} ({} figures)</summary>\n{}</details>\n",
                        HtmlText(section.details_title), section.details.size(), FiguresHtml(section.details));
  return html;
}

// ---- verdict --------------------------------------------------------------------------------------------------------

std::string VerdictTable(const VerdictText& text, const VerdictGroupText& group) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Verdict by budget\">\n<table>\n<thead><tr><th "
      "scope=\"col\">budget</th><th scope=\"col\">closest; best method</th><th scope=\"col\">cost</th><th "
      "scope=\"col\">{}</th><th scope=\"col\">against fewer steps at its cost</th></tr></thead>\n<tbody>\n",
      HtmlText(text.value_heading));
  for (const auto& line : group.lines) {
    const char* name = Name(line.certainty);
    html += fmt::format(
        "<tr><td class=\"text\">{}</td><td class=\"setting{}\">{}{}</td><td>{}</td><td>{}</td><td>{}{}</td></tr>\n",
        HtmlText(line.budget), line.best ? "" : " second", LabelText(line.setting),
        line.cost.empty() ? "" : "<span class=\"narrow\">cost " + HtmlText(line.cost) + "</span>", HtmlText(line.cost),
        HtmlText(line.value), HtmlText(line.against),
        *name ? fmt::format(" <span class=\"{0}\">{0}</span>", name) : "");
  }
  return html + kTableEnd;
}

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string VerdictHtml(const ReportData& data, const PageContent& content) {
  constexpr size_t kOpen = 2;  // of more full runs the budgets are folded, so that the figure is on the first screen
  const VerdictText text = LayoutVerdict(data.table.verdict, data.table.header);
  const bool folded = text.groups.size() > kOpen;
  std::string html = Heading("verdict", "Verdict") + Paragraph(Capitalized(text.heading) + ".", "muted");
  html += "<div class=\"verdict\">\n";
  for (const auto& group : text.groups) {
    html += "<div><h3>" + HtmlText(group.title) + "</h3>\n" + Paragraph(Capitalized(group.sentence));
    if (!group.lines.empty() && !folded) html += VerdictTable(text, group);
    if (!group.remarks.empty() || (folded && !group.lines.empty()))
      html += fmt::format(
          "<details><summary>{}What cannot be told apart, what is dominated</summary>\n{}{}</details>\n",
          folded ? "By budget. " : "", folded ? VerdictTable(text, group) : "", List(group.remarks, "notes"));
    html += "</div>\n";
  }
  // One full run has its figure beside the words.
  const bool beside = text.groups.size() == 1;
  html += (beside ? OverviewHtml(content) : "") + "</div>\n" + (beside ? "" : OverviewHtml(content));
  return html + List(text.notes, "notes");
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
      html += fmt::format(
          "<td><img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\"{}{}{}><span class=\"ci\">{}</span></td>",
          HtmlText(cell.file), grid.width, grid.height, HtmlText(cell.alt), grid.width < 128 ? " class=\"small\"" : "",
          cell.full.empty() ? "" : fmt::format(" data-full=\"{}\"", HtmlText(cell.full)),
          r == 0 && static_cast<int>(c) == grid.first ? " data-first" : "", HtmlText(cell.note));
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
  if (data.table.cost.finished_at > 0) html += Entry("made", DateOf(data.table.cost.finished_at));
  for (const auto& one : data.table.environments) html += Entry("made on", EnvironmentText(one));
  for (const auto& row : data.table.rows)
    if (row.latency && row.latency->busy_elsewhere) {
      html += Entry("while latency was measured",
                    fmt::format("other processes kept {:.2f} processors busy", *row.latency->busy_elsewhere));
      break;
    }
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
  add("verdict", "Verdict", VerdictHtml(data, content));
  add("table", "Table", Heading("table", "What each setting costs and keeps") + TableHtml(data.table, text));
  add("published", "Published", PublishedHtml(text.published));
  std::vector<std::string> missing;
  bool pictures = false;
  for (const auto& section : content.sections) {
    missing.insert(missing.end(), section.missing.begin(), section.missing.end());
    if (section.folded) continue;
    add(section.id, section.title, SectionHtml(section));
    // Behind the paths.
    if (!pictures) add("pictures", "Pictures", PicturesHtml(content));
    pictures = true;
  }
  if (!pictures) add("pictures", "Pictures", PicturesHtml(content));
  for (const auto& section : content.sections)
    if (section.folded) add(section.id, section.title, SectionHtml(section));
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
  html += "<nav aria-label=\"Contents\"><ul>" + nav + "</ul></nav>\n</header>\n<main>\n" + body + "</main>\n<script>" +
          kPageScript + "</script>\n</body>\n</html>\n";
  return html;
}

}  // namespace skipbench
