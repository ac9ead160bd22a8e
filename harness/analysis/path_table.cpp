#include "harness/analysis/path_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

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
  int64_t count() const { return std::ssize(values_); }
  double Mean() const {
    return values_.empty() ? kNaN
                           : std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(values_.size());
  }
  double MedianOrNaN() const { return values_.empty() ? kNaN : Median(values_); }
  double ShareBelow() const {
    const auto below = std::count_if(values_.begin(), values_.end(), [](double value) { return value < 0.05; });
    return values_.empty() ? kNaN : static_cast<double>(below) / static_cast<double>(values_.size());
  }

 private:
  std::vector<double> values_;
};

std::vector<SearchedRow> SearchedRows(const std::vector<SearchRecord>& records) {
  std::map<std::tuple<std::string, bool, int64_t>, Values> errors;
  for (const auto& record : records)
    for (int64_t subject = 0; subject < record.family.shape[0]; ++subject) {
      double norm = 0;  // of a shared path: as its error, a root mean square over the samples
      if (record.shared)
        for (const double one : record.latent_norm) norm += one * one / static_cast<double>(record.latent_norm.size());
      norm = record.shared ? std::sqrt(norm) : record.latent_norm[subject];
      for (int64_t k = 1; k < record.PathCount(subject); ++k)
        errors[{record.search, record.shared, k}].Add(
            record.family_error.values[subject * record.family_error.shape[1] + k] / norm);
    }
  std::vector<SearchedRow> rows;
  for (const auto& [key, values] : errors)
    rows.push_back(
        {std::get<0>(key), std::get<1>(key) ? "shared" : "sample", std::get<2>(key), values.count(), values.Mean()});
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
    notes.push_back(fmt::format(
        "Search {}: {} paths over {} samples, {} network evaluations in {:.4g} s; run one by one, the paths take {} "
        "({:.2f} times as many).",
        search, total.tried_error.size(), total.samples.size(), total.evaluations, total.seconds,
        total.naive_evaluations,
        static_cast<double>(total.naive_evaluations) / static_cast<double>(std::max<int64_t>(total.evaluations, 1))));
  return notes;
}

using Numbers = std::vector<std::pair<std::string, double>>;

// In the order of the table's CSV form.
Numbers NumbersOf(std::map<std::string, Values>& values, const ContingencyTable& pooled) {
  Numbers numbers = {{"samples", static_cast<double>(values["agreement"].count())}};
  for (const char* name : {"agreement", "phi", "kappa", "chi2", "chi2_yates"})
    numbers.emplace_back(name, values[name].Mean());
  for (const std::string name : {"p", "p_yates", "fisher_p", "run_p", "shift_p"})
    numbers.emplace_back(name + "_median", values[name].MedianOrNaN());
  for (const std::string name : {"p", "p_yates", "run_p"})
    numbers.emplace_back("share_" + name + "_below_0_05", values[name].ShareBelow());
  const char* cells[] = {"both_skip", "searched_skips", "estimated_skips", "both_predict"};
  for (int i = 0; i < 4; ++i) numbers.emplace_back(cells[i], static_cast<double>(pooled[i / 2][i % 2]));
  const ChiSquare test = TestIndependence(pooled);
  numbers.emplace_back("pooled_chi2", test.defined ? test.chi2 : kNaN);
  numbers.emplace_back("pooled_p", test.defined ? test.p : kNaN);
  numbers.emplace_back("pooled_phi", test.defined ? test.phi : kNaN);
  for (const char* name : {"error_searched", "error_estimated", "error_random"})
    numbers.emplace_back(name, values[name].Mean());
  return numbers;
}

PathRow RowOf(const PathStudyRecord& study, const PathEstimate& estimate, int64_t k) {
  const int64_t n = std::ssize(study.samples), count = std::ssize(study.skips);
  const int64_t draws = study.random_path.shape[2];
  std::map<std::string, Values> values;
  PathRow row{estimate.label, estimate.use, study.skips[k], {{0, 0}, {0, 0}}, {}};
  auto& pooled = row.pooled_table;
  for (int64_t s = 0; s < n; ++s) {
    const int64_t at = s * count + k;
    const double norm = study.latent_norm[s];
    values["error_searched"].Add(study.searched_error.values[at] / norm);
    values["error_estimated"].Add(estimate.error.values[at] / norm);
    for (int64_t draw = 0; draw < draws; ++draw)
      values["error_random"].Add(study.random_error.values[at * draws + draw] / norm);
    if (std::isnan(estimate.statistics.at("agreement").values[at])) continue;
    for (int i = 0; i < 4; ++i) pooled[i / 2][i % 2] += estimate.table.values[at * 4 + i];
    for (const auto& [name, array] : estimate.statistics) values[name].Add(array.values[at]);
  }
  const Numbers numbers = NumbersOf(values, pooled);
  row.numbers = {numbers.begin(), numbers.end()};
  return row;
}

}  // namespace

PathTable MakePathTable(const ResultReader& result, const std::string& name) {
  PathTable table;
  const auto searches = ReadSearches(result);
  const auto studies = result.OpenExtra(kPathStudyGroup);
  if (searches.empty() && studies.empty())
    Fail(
        "{}: holds no searched paths and no study of paths (methods of the type greedy_search, or \"path_study\" in "
        "the config, make them)",
        name);
  const RunHeader& header = result.header();
  table.caption =
      fmt::format("{}: {} ({}), {}, {} steps, guidance {}, seed {}.", header.name, header.model,
                  header.model_hash.substr(0, 12), header.scheduler, header.steps, header.guidance, header.seed);
  std::map<std::string, Values> none;
  for (const auto& [number, value] : NumbersOf(none, {{0, 0}, {0, 0}})) table.numbers.push_back(number);
  table.searched = SearchedRows(searches);
  table.notes = SearchNotes(searches);
  table.notes.push_back(
      "Errors are L2 of the final latent against the full path's, over the norm of the full path's; means over "
      "samples.");
  for (const auto& group : studies) {
    const PathStudyRecord study = ReadPathStudy(group);
    for (const auto& estimate : study.estimates)
      for (size_t k = 0; k < study.skips.size(); ++k)
        table.rows.push_back(RowOf(study, estimate, static_cast<int64_t>(k)));
    table.notes.push_back(fmt::format(
        "Compared step by step from call {} on. ranked: the calls where criterion / threshold is smallest (largest, "
        "where the method predicts below its threshold) along the full-step trajectory are skipped; "
        "thresholded: the method itself, with the first of several thresholds that skips that often. Random: {} paths "
        "of each sample.",
        study.first, study.random_path.shape[2]));
    table.notes.push_back(
        fmt::format("agreement, phi, kappa, chi2: means of the samples' 2x2 tables; p: medians (Pearson, with Yates' "
                    "correction, and by {} permutations that keep the estimated path's runs; neighbouring steps are "
                    "not independent, which the first two suppose); p<.05: share "
                    "of samples. The last column adds up the samples' tables.",
                    study.permutations));
  }
  return table;
}

}  // namespace skipbench
