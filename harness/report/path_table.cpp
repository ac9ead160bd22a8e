#include "harness/report/path_table.h"

#include <cmath>
#include <limits>
#include <map>

#include "harness/base/cells.h"
#include "harness/report/layout.h"
#include "harness/stats/moments.h"
#include "harness/stats/quantile.h"
#include "harness/store/path_study_record.h"
#include "harness/store/search_record.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Values that are numbers: their mean, their median, and how many of them are below 0.05.
class Values {
 public:
  void Add(double value) {
    if (!std::isnan(value)) values_.push_back(value);
  }
  int64_t count() const { return static_cast<int64_t>(values_.size()); }
  double Mean() const {
    double sum = 0;
    for (const double value : values_) sum += value;
    return values_.empty() ? kNaN : sum / static_cast<double>(values_.size());
  }
  double MedianOrNaN() const { return values_.empty() ? kNaN : Median(values_); }
  double ShareBelow() const {
    double below = 0;
    for (const double value : values_) below += value < 0.05;
    return values_.empty() ? kNaN : below / static_cast<double>(values_.size());
  }

 private:
  std::vector<double> values_;
};

std::vector<SearchedRow> SearchedRows(const std::vector<SearchRecord>& records) {
  std::map<std::tuple<std::string, bool, int64_t>, Values> errors;
  for (const auto& record : records)
    for (int64_t subject = 0; subject < record.family.shape[0]; ++subject) {
      double norm = 0;      // of a shared path: as its error, a root mean square over the samples
      if (record.shared)
        for (const double one : record.latent_norm) norm += one * one / static_cast<double>(record.latent_norm.size());
      norm = record.shared ? std::sqrt(norm) : record.latent_norm[subject];
      for (int64_t k = 1; k < record.PathCount(subject); ++k)
        errors[{record.search, record.shared, k}].Add(record.family_error.values[subject * record.family_error.shape[1] + k] / norm);
    }
  std::vector<SearchedRow> rows;
  for (const auto& [key, values] : errors)
    rows.push_back({std::get<0>(key), std::get<1>(key) ? "shared" : "sample", std::get<2>(key), values.count(), values.Mean()});
  return rows;
}

std::vector<std::string> SearchNotes(const std::vector<SearchRecord>& records) {
  std::map<std::string, SearchRecord> totals;
  for (const auto& record : records) {
    SearchRecord& total = totals[record.search];
    total.evaluations += record.evaluations;
    total.naive_evaluations += record.naive_evaluations;
    total.seconds += record.seconds;
    total.tried_error.insert(total.tried_error.end(), record.tried_error.begin(), record.tried_error.end());
    total.samples.insert(total.samples.end(), record.samples.begin(), record.samples.end());
  }
  std::vector<std::string> notes;
  for (const auto& [search, total] : totals)
    notes.push_back(fmt::format("Search {}: {} paths over {} samples, {} network evaluations in {:.4g} s; run one by one, the paths take {} ({:.2f} times as many).",
                                search, total.tried_error.size(), total.samples.size(), total.evaluations, total.seconds, total.naive_evaluations,
                                static_cast<double>(total.naive_evaluations) / static_cast<double>(std::max<int64_t>(total.evaluations, 1))));
  return notes;
}

PathRow RowOf(const PathStudyRecord& study, const PathEstimate& estimate, int64_t k) {
  const int64_t n = static_cast<int64_t>(study.samples.size()), count = static_cast<int64_t>(study.skips.size());
  const int64_t draws = study.random_path.shape[2];
  std::map<std::string, Values> values;
  Values searched, estimated, random;
  PathRow row;
  row.estimate = estimate.label;
  row.use = estimate.use;
  row.skips = study.skips[k];
  row.pooled_table = {{0, 0}, {0, 0}};
  for (int64_t s = 0; s < n; ++s) {
    const int64_t at = s * count + k;
    const double norm = study.latent_norm[s];
    searched.Add(study.searched_error.values[at] / norm);
    estimated.Add(estimate.error.values[at] / norm);
    for (int64_t draw = 0; draw < draws; ++draw) random.Add(study.random_error.values[at * draws + draw] / norm);
    if (std::isnan(estimate.statistics.at("agreement").values[at])) continue;
    ++row.samples;
    for (int i = 0; i < 4; ++i) row.pooled_table[i / 2][i % 2] += estimate.table.values[at * 4 + i];
    for (const auto& [name, array] : estimate.statistics) values[name].Add(array.values[at]);
  }
  row.agreement = values["agreement"].Mean();
  row.phi = values["phi"].Mean();
  row.kappa = values["kappa"].Mean();
  row.chi2 = values["chi2"].Mean();
  row.chi2_yates = values["chi2_yates"].Mean();
  row.p = values["p"].MedianOrNaN();
  row.p_yates = values["p_yates"].MedianOrNaN();
  row.fisher_p = values["fisher_p"].MedianOrNaN();
  row.run_p = values["run_p"].MedianOrNaN();
  row.shift_p = values["shift_p"].MedianOrNaN();
  row.below_p = values["p"].ShareBelow();
  row.below_p_yates = values["p_yates"].ShareBelow();
  row.below_run_p = values["run_p"].ShareBelow();
  row.pooled = TestIndependence(row.pooled_table);
  row.error_searched = searched.Mean();
  row.error_estimated = estimated.Mean();
  row.error_random = random.Mean();
  row.samples_searched = searched.count();
  row.samples_estimated = estimated.count();
  return row;
}

std::string Cell(double value, const char* format = "{:.3f}") { return std::isnan(value) ? "-" : fmt::format(fmt::runtime(format), value); }
std::string Error(double value) { return Cell(value, "{:.3g}"); }
std::string PValue(double value) { return std::isnan(value) ? "-" : value < 0.001 ? fmt::format("{:.1e}", value) : fmt::format("{:.3f}", value); }

TableText SearchedText(const PathTable& table) {
  TableText text;
  text.caption = "Searched paths. " + table.caption;
  text.headings = {"search", "skips", "samples", "relative L2 error", "scope"};
  for (const auto& row : table.searched)
    text.cells.push_back({row.search, std::to_string(row.skips), std::to_string(row.samples), Error(row.relative_error), row.scope});
  return text;
}

TableText StudyText(const PathTable& table) {
  TableText text;
  text.caption = "Estimated against searched paths. " + table.caption;
  text.headings = {"estimate", "skips", "samples", "agreement", "phi", "kappa", "chi2", "Yates", "p", "p Yates", "p runs", "p<.05", "Yates<.05",
                   "runs<.05", "error searched", "error estimated", "error random", "both skip, searched, estimated, none"};
  for (const auto& row : table.rows)
    text.cells.push_back({row.use + " " + row.estimate, std::to_string(row.skips), std::to_string(row.samples), Cell(row.agreement), Cell(row.phi),
                          Cell(row.kappa), Cell(row.chi2, "{:.2f}"), Cell(row.chi2_yates, "{:.2f}"), PValue(row.p), PValue(row.p_yates),
                          PValue(row.run_p), Cell(row.below_p, "{:.2f}"), Cell(row.below_p_yates, "{:.2f}"), Cell(row.below_run_p, "{:.2f}"),
                          Error(row.error_searched), Error(row.error_estimated), Error(row.error_random),
                          fmt::format("{}, {}, {}, {}", row.pooled_table[0][0], row.pooled_table[0][1], row.pooled_table[1][0], row.pooled_table[1][1])});
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

PathTable MakePathTable(const ResultReader& result, const std::string& name) {
  PathTable table;
  const auto searches = ReadSearches(result);
  const auto studies = result.OpenExtra(kPathStudyGroup);
  if (searches.empty() && studies.empty())
    Fail("{}: holds no searched paths and no study of paths (methods of the type greedy_search, or \"path_study\" in the config, make them)", name);
  const RunHeader& header = result.header();
  table.caption = fmt::format("{}: {} ({}), {}, {} steps, guidance {}, seed {}.", header.name, header.model, header.model_hash.substr(0, 12), header.scheduler,
                              header.steps, header.guidance, header.seed);
  table.searched = SearchedRows(searches);
  table.notes = SearchNotes(searches);
  table.notes.push_back("Errors are L2 of the final latent against the full path's, over the norm of the full path's; means over samples.");
  for (const auto& group : studies) {
    const PathStudyRecord study = ReadPathStudy(group);
    for (const auto& estimate : study.estimates)
      for (size_t k = 0; k < study.skips.size(); ++k) table.rows.push_back(RowOf(study, estimate, static_cast<int64_t>(k)));
    table.notes.push_back(fmt::format(
        "Compared step by step from call {} on. ranked: the calls where criterion / threshold is smallest (largest, where the method predicts below its "
        "threshold) along the full-step trajectory are skipped; "
        "thresholded: the method itself, with the first of several thresholds that skips that often. Random: {} paths of each sample.",
        study.first, study.random_path.shape[2]));
    table.notes.push_back(fmt::format(
        "agreement, phi, kappa, chi2: means of the samples' 2x2 tables; p: medians (Pearson, with Yates' correction, and by {} permutations that keep the estimated "
        "path's runs; neighbouring steps are not independent, which the first two suppose); p<.05: share of samples. The last column adds up the samples' tables.",
        study.permutations));
  }
  return table;
}

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
    out += fmt::format("{},searched,{},{}{}{},,\n", CsvQuoted(row.search), row.skips, row.samples, std::string(21, ','), CsvNumber(row.relative_error));
  for (const auto& row : table.rows) {
    out += fmt::format("{},{},{}", CsvQuoted(row.estimate), row.use, row.skips);
    for (const auto& [name, value] : NumbersOf(row)) out += "," + CsvNumber(value);
    out += "\n";
  }
  return out;
}

std::string RenderJson(const PathTable& table) {
  Json json = {{"caption", table.caption}, {"notes", table.notes}, {"searched", Json::array()}, {"estimated", Json::array()}};
  auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  for (const auto& row : table.searched)
    json["searched"].push_back({{"search", row.search}, {"scope", row.scope}, {"skips", row.skips}, {"samples", row.samples}, {"error", number(row.relative_error)}});
  for (const auto& row : table.rows) {
    Json one = {{"estimate", row.estimate}, {"use", row.use}, {"skips", row.skips}};
    for (const auto& [name, value] : NumbersOf(row)) one[name] = number(value);
    json["estimated"].push_back(std::move(one));
  }
  return json.dump(2) + "\n";
}

}  // namespace skipbench
