#include "harness/report/tables/path_text.h"

#include <cmath>
#include <limits>

#include "harness/base/table_format.h"
#include "harness/report/tables/render_data.h"
#include "harness/report/tables/render_text.h"
#include "harness/report/tables/table_text.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

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
  text.headings = {"estimate",
                   "skips",
                   "samples",
                   "agreement",
                   "phi",
                   "kappa",
                   "chi2",
                   "Yates",
                   "p",
                   "p Yates",
                   "p runs",
                   "p<.05",
                   "Yates<.05",
                   "runs<.05",
                   "error searched",
                   "error estimated",
                   "error random",
                   "both skip, searched, estimated, none"};
  for (const auto& row : table.rows)
    text.cells.push_back({row.use + " " + row.estimate, std::to_string(row.skips), std::to_string(row.samples),
                          Cell(row.agreement), Cell(row.phi), Cell(row.kappa), Cell(row.chi2, "{:.2f}"),
                          Cell(row.chi2_yates, "{:.2f}"), PValue(row.p), PValue(row.p_yates), PValue(row.run_p),
                          Cell(row.below_p, "{:.2f}"), Cell(row.below_p_yates, "{:.2f}"),
                          Cell(row.below_run_p, "{:.2f}"), Error(row.error_searched), Error(row.error_estimated),
                          Error(row.error_random),
                          fmt::format("{}, {}, {}, {}", row.pooled_table[0][0], row.pooled_table[0][1],
                                      row.pooled_table[1][0], row.pooled_table[1][1])});
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

using Fields = std::vector<std::pair<std::string, double>>;

Fields NumbersOf(const PathRow& row) {
  return {{"samples", static_cast<double>(row.samples)},
          {"agreement", row.agreement},
          {"phi", row.phi},
          {"kappa", row.kappa},
          {"chi2", row.chi2},
          {"chi2_yates", row.chi2_yates},
          {"p_median", row.p},
          {"p_yates_median", row.p_yates},
          {"fisher_p_median", row.fisher_p},
          {"run_p_median", row.run_p},
          {"shift_p_median", row.shift_p},
          {"share_p_below_0_05", row.below_p},
          {"share_p_yates_below_0_05", row.below_p_yates},
          {"share_run_p_below_0_05", row.below_run_p},
          {"both_skip", static_cast<double>(row.pooled_table[0][0])},
          {"searched_skips", static_cast<double>(row.pooled_table[0][1])},
          {"estimated_skips", static_cast<double>(row.pooled_table[1][0])},
          {"both_predict", static_cast<double>(row.pooled_table[1][1])},
          {"pooled_chi2", row.pooled.defined ? row.pooled.chi2 : kNaN},
          {"pooled_p", row.pooled.defined ? row.pooled.p : kNaN},
          {"pooled_phi", row.pooled.defined ? row.pooled.phi : kNaN},
          {"error_searched", row.error_searched},
          {"error_estimated", row.error_estimated},
          {"error_random", row.error_random}};
}

}  // namespace

std::string RenderMarkdown(const PathTable& table) {
  return RenderBoth(table, [](const TableText& text) { return RenderMarkdown(text); });
}
std::string RenderLatex(const PathTable& table) {
  return RenderBoth(table, [](const TableText& text) { return RenderLatex(text); });
}

std::string RenderCsv(const PathTable& table) {
  std::string out = "estimate,use,skips";
  PathRow none;
  none.pooled_table = {{0, 0}, {0, 0}};
  for (const auto& [name, value] : NumbersOf(none)) out += "," + name;
  out += "\n";
  for (const auto& row : table.searched)
    out += fmt::format("{},searched,{},{}{}{},,\n", CsvQuoted(row.search), row.skips, row.samples, std::string(21, ','),
                       CsvNumber(row.relative_error));
  for (const auto& row : table.rows) {
    out += fmt::format("{},{},{}", CsvQuoted(row.estimate), row.use, row.skips);
    for (const auto& [name, value] : NumbersOf(row)) out += "," + CsvNumber(value);
    out += "\n";
  }
  return out;
}

std::string RenderJson(const PathTable& table) {
  Json json = {
      {"caption", table.caption}, {"notes", table.notes}, {"searched", Json::array()}, {"estimated", Json::array()}};
  auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  for (const auto& row : table.searched)
    json["searched"].push_back({{"search", row.search},
                                {"scope", row.scope},
                                {"skips", row.skips},
                                {"samples", row.samples},
                                {"error", number(row.relative_error)}});
  for (const auto& row : table.rows) {
    Json one = {{"estimate", row.estimate}, {"use", row.use}, {"skips", row.skips}};
    for (const auto& [name, value] : NumbersOf(row)) one[name] = number(value);
    json["estimated"].push_back(std::move(one));
  }
  return json.dump(2) + "\n";
}

}  // namespace skipbench
