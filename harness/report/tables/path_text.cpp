#include "harness/report/tables/path_text.h"

#include <fmt/ranges.h>

#include <cmath>

#include "harness/base/format.h"
#include "harness/report/tables/render_table.h"
#include "harness/report/tables/table_text.h"

namespace skipbench {
namespace {

std::string Cell(double value, const char* format = "{:.3f}") {
  return std::isnan(value) ? "-" : fmt::format(fmt::runtime(format), value);
}
std::string Error(double value) { return Cell(value, "{:.3g}"); }
std::string PValue(double value) {
  return std::isnan(value) ? "-" : value < 0.001 ? fmt::format("{:.1e}", value) : fmt::format("{:.3f}", value);
}

TableText SearchedText(const PathTable& table) {
  TableText text;
  text.caption = "Searched paths. " + table.caption;
  text.headings = {"search", "skips", "samples", "relative L2 error", "scope"};
  for (const auto& row : table.searched)
    text.cells.push_back(
        {row.search, std::to_string(row.skips), std::to_string(row.samples), Error(row.relative_error), row.scope});
  return text;
}

TableText StudyText(const PathTable& table) {
  TableText text;
  text.caption = "Estimated against searched paths. " + table.caption;
  text.headings = {"estimate", "skips", "samples", "agreement", "phi",   "kappa",     "chi2",
                   "Yates",    "p",     "p Yates", "p runs",    "p<.05", "Yates<.05", "runs<.05"};
  for (const char* of : {"searched", "estimated", "random"}) text.headings.push_back(std::string("error ") + of);
  text.headings.push_back("both skip, searched, estimated, none");
  for (const auto& row : table.rows) {
    auto& cells = text.cells.emplace_back();
    cells = {row.use + " " + row.estimate, std::to_string(row.skips), fmt::format("{}", row.numbers.at("samples"))};
    for (const char* name : {"agreement", "phi", "kappa"}) cells.push_back(Cell(row.numbers.at(name)));
    for (const char* name : {"chi2", "chi2_yates"}) cells.push_back(Cell(row.numbers.at(name), "{:.2f}"));
    for (const char* name : {"p_median", "p_yates_median", "run_p_median"})
      cells.push_back(PValue(row.numbers.at(name)));
    for (const char* name : {"p", "p_yates", "run_p"})
      cells.push_back(Cell(row.numbers.at(fmt::format("share_{}_below_0_05", name)), "{:.2f}"));
    for (const char* name : {"error_searched", "error_estimated", "error_random"})
      cells.push_back(Error(row.numbers.at(name)));
    cells.push_back(fmt::format("{}, {}, {}, {}", row.pooled_table[0][0], row.pooled_table[0][1],
                                row.pooled_table[1][0], row.pooled_table[1][1]));
  }
  return text;
}

// Both tables; the notes below the last.
template <typename Render>
std::string RenderBoth(const PathTable& table, Render&& render) {
  std::vector<TableText> texts;
  if (!table.searched.empty()) texts.push_back(SearchedText(table));
  if (!table.rows.empty()) texts.push_back(StudyText(table));
  texts.back().notes = table.notes;
  std::string out;
  for (size_t i = 0; i < texts.size(); ++i) out += (i ? "\n" : "") + render(texts[i]);
  return out;
}

}  // namespace

std::string RenderMarkdown(const PathTable& table) {
  return RenderBoth(table, [](const TableText& text) { return RenderMarkdown(text); });
}
std::string RenderLatex(const PathTable& table) {
  return RenderBoth(table, [](const TableText& text) { return RenderLatex(text); });
}

std::string RenderCsv(const PathTable& table) {
  std::string out = fmt::format("estimate,use,skips,{}\n", fmt::join(table.numbers, ","));
  for (const auto& row : table.searched)
    out += fmt::format("{},searched,{},{}{}{},,\n", CsvQuoted(row.search), row.skips, row.samples, std::string(21, ','),
                       CsvNumber(row.relative_error));
  for (const auto& row : table.rows) {
    out += fmt::format("{},{},{}", CsvQuoted(row.estimate), row.use, row.skips);
    for (const auto& name : table.numbers) out += "," + CsvNumber(row.numbers.at(name));
    out += "\n";
  }
  return out;
}

std::string RenderJson(const PathTable& table) {
  Json json = {
      {"caption", table.caption}, {"notes", table.notes}, {"searched", Json::array()}, {"estimated", Json::array()}};
  for (const auto& row : table.searched)
    json["searched"].push_back({{"search", row.search},
                                {"scope", row.scope},
                                {"skips", row.skips},
                                {"samples", row.samples},
                                {"error", JsonNumber(row.relative_error)}});
  for (const auto& row : table.rows) {
    Json one = {{"estimate", row.estimate}, {"use", row.use}, {"skips", row.skips}};
    for (const auto& name : table.numbers) one[name] = JsonNumber(row.numbers.at(name));
    json["estimated"].push_back(std::move(one));
  }
  return json.dump(2) + "\n";
}

}  // namespace skipbench
