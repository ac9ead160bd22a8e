#include "harness/analysis/table.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "harness/analysis/set_metric_plan.h"
#include "harness/analysis/settings.h"
#include "harness/store/search_record.h"

namespace skipbench {
namespace {

// One setting's columns, and which samples were done.
class SettingColumns {
 public:
  SettingColumns(const ResultReader& result, size_t setting) : result_(result), setting_(setting) {
    if (!result.FindColumn(setting, "status")) return;  // no samples yet
    for (const double status : result.Read<double>(setting, "status").values)
      status_.push_back(static_cast<Status>(status));
  }

  const std::vector<Status>& status() const { return status_; }
  bool Done(size_t sample) const { return status_[sample] == Status::kDone; }

  // The values of the samples that were done; nothing without the column or without such a sample.
  std::optional<std::vector<double>> Values(const std::string& column) const {
    if (!result_.FindColumn(setting_, column)) return std::nullopt;
    return OfDone(All(column));
  }
  // The same of a count of forwards, exactly.
  std::optional<std::vector<double>> Evaluations(const std::string& column, uint8_t action) const {
    if (!result_.FindColumn(setting_, column)) return std::nullopt;
    return OfDone(EvaluationsOf(result_, setting_, action));
  }
  std::vector<double> All(const std::string& column) const { return result_.Read<double>(setting_, column).values; }

 private:
  std::optional<std::vector<double>> OfDone(const std::vector<double>& values) const {
    std::vector<double> done;
    for (size_t i = 0; i < values.size(); ++i)
      if (Done(i)) done.push_back(values[i]);
    return done.empty() ? std::nullopt : std::optional(std::move(done));
  }

  const ResultReader& result_;
  size_t setting_;
  std::vector<Status> status_;
};

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<Spread> SpreadOf(const std::optional<std::vector<double>>& values) {
  if (!values) return std::nullopt;
  const auto [min, max] = std::minmax_element(values->begin(), values->end());
  return Spread{Mean(*values), *min, *max};
}

std::optional<double> MeanOf(const std::optional<std::vector<double>>& values) {
  if (!values) return std::nullopt;
  const double mean = Mean(*values);
  return std::isfinite(mean) ? std::optional(mean) : std::nullopt;
}

std::optional<double> Ratio(const SettingColumns& setting, const SettingColumns& reference, const std::string& column) {
  const std::vector<double> own = setting.All(column), others = reference.All(column);
  double sum = 0, reference_sum = 0;
  for (size_t i = 0; i < own.size(); ++i) {
    if (!setting.Done(i) || !reference.Done(i)) continue;
    sum += own[i];
    reference_sum += others[i];
  }
  const double ratio = sum / reference_sum;
  return reference_sum > 0 && std::isfinite(ratio) ? std::optional(ratio) : std::nullopt;
}

std::optional<MeasuredValue> SummaryOf(const std::optional<std::vector<double>>& values, const MetricInfo& metric,
                                       Sampling sampling) {
  if (!values) return std::nullopt;
  MeasuredValue summary = MeanOf(*values, metric, sampling);
  return summary.count + summary.identical > 0 ? std::optional(std::move(summary)) : std::nullopt;
}

void Outcome(const ResultReader& result, size_t k, const SettingColumns& columns, TableRow& row) {
  for (size_t i = 0; i < columns.status().size(); ++i) {
    row.samples += columns.Done(i);
    row.failed += columns.status()[i] == Status::kFailed;
    row.not_supported += columns.status()[i] == Status::kNotSupported;
    row.not_run += columns.status()[i] == Status::kNotRun;
  }
  if (row.failed + row.not_supported == 0) return;
  const auto messages = result.Read<std::string>(k, "message").values;
  for (size_t i = 0; i < messages.size() && row.message.empty(); ++i)
    if (!columns.Done(i)) row.message = messages[i];
}

// Puts a value into its setting's row, in a column that is made when there is none.
void AddDistance(const MeasuredValue& distance, Table* table) {
  auto& columns = table->distances;
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const SetColumn& column) {
    return column.metric.name == distance.metric.name && column.against == distance.against;
  });
  const auto place = static_cast<size_t>(found - columns.begin());
  if (found == columns.end()) {
    columns.push_back({distance.metric, distance.against});
    for (auto& row : table->rows) row.distances.emplace_back();
  }
  table->rows.at(distance.setting).distances[place] = distance;
}

// Rows that a search found paths for, with as many predictions for each sample as the static path of row `k`.
std::vector<size_t> SearchedAlike(const Table& table, size_t k) {
  const auto& settings = table.header.settings;
  std::vector<size_t> rows;
  for (size_t other = 0; other < table.rows.size(); ++other) {
    const std::optional<Spread>& nfe = table.rows[other].nfe;
    if (settings[other].type != "greedy_search" || settings[other].calls != settings[k].calls || !nfe) continue;
    const auto predictions = static_cast<double>(table.rows[k].static_path->predictions);
    if (ReferenceOf(settings, other) == ReferenceOf(settings, k) && nfe->min == predictions && nfe->max == predictions)
      rows.push_back(other);
  }
  return rows;
}

// A row of the same reference whose search found paths with as many predictions, for all that it searched on.
std::optional<size_t> SearchThrough(const Table& table, const std::vector<SearchRecord>& searches, size_t k) {
  const auto& settings = table.header.settings;
  const int64_t skips = settings[k].calls - table.rows[k].static_path->predictions;
  std::map<size_t, bool> complete;  // by row
  for (const auto& record : searches)
    for (const int64_t row : record.settings) {
      const auto other = static_cast<size_t>(row);
      if (other >= settings.size() || settings[other].calls != settings[k].calls ||
          ReferenceOf(settings, other) != ReferenceOf(settings, k))
        continue;
      bool& all = complete.try_emplace(other, true).first->second;
      for (int64_t subject = 0; subject < record.family.shape[0]; ++subject) all &= record.PathCount(subject) > skips;
    }
  for (const auto& [row, all] : complete)
    if (all) return row;
  return std::nullopt;
}

// What stands beside static paths.
void AddSearched(const ResultReader& result, Table* table) {
  std::optional<std::vector<SearchRecord>> searches;
  for (size_t k = 0; k < table->rows.size(); ++k) {
    TableRow& row = table->rows[k];
    if (!row.static_path) continue;
    row.searched = SearchedAlike(*table, k);
    if (!row.searched.empty()) continue;
    if (!searches) searches = ReadSearches(result);
    row.search = SearchThrough(*table, *searches, k);
  }
}

}  // namespace

Table MakeTable(const ResultReader& result, const std::vector<MeasuredValue>& distances) {
  Table table;
  table.header = result.header();
  table.environments = result.environments();
  table.samples = std::ssize(result.samples());
  table.metrics = MetricsOf(result);
  table.cost = result.TotalCost();
  table.published = PublishedOf(table.header);
  table.notes = result.notes();
  table.decisions = DecisionsOf(result);
  const Sampling sampling = table.decisions ? Sampling::kStopped : Sampling::kFixed;
  const auto& settings = table.header.settings;
  std::vector<SettingColumns> columns;
  for (size_t k = 0; k < settings.size(); ++k) columns.emplace_back(result, k);
  for (size_t k = 0; k < settings.size(); ++k) {
    TableRow& row = table.rows.emplace_back();
    row.setting = settings[k];
    Outcome(result, k, columns[k], row);
    row.nfe = SpreadOf(columns[k].Evaluations("nfe", kActionPredict));
    row.shallow_nfe = SpreadOf(columns[k].Evaluations("shallow_nfe", kActionShallow));
    row.macs_modules = MeanOf(columns[k].Values("macs_modules"));
    row.macs_matmuls = MeanOf(columns[k].Values("macs_matmuls"));
    const int reference = ReferenceOf(settings, k);
    if (reference >= 0 && table.samples > 0) {
      const SettingColumns& other = columns[reference];
      row.macs_modules_ratio = Ratio(columns[k], other, "macs_modules");
      row.macs_matmuls_ratio = Ratio(columns[k], other, "macs_matmuls");
    }
    row.latency = SummarizeLatency(result.latency(), k, reference, &row.latency_message);
    for (const auto& metric : table.metrics)
      row.metrics.push_back(SummaryOf(columns[k].Values(metric.name), metric, sampling));
    row.static_path = FindStaticPath(result, k);
    row.never_skips = NeverSkips(result, k);
  }
  AddSearched(result, &table);
  table.verdict = MakeVerdict(result, table.decisions, {});
  for (const auto& distance : distances) AddDistance(distance, &table);
  if (const auto plan = FindSetMetricPlan(result))
    for (const auto& [metric, why] : plan->missing) table.unavailable[FeatureColumn(metric)] = why;
  return table;
}

}  // namespace skipbench
