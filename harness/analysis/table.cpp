#include "harness/analysis/table.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "harness/analysis/set_metric_plan.h"
#include "harness/stats/quantile.h"
#include "harness/store/search_record.h"

namespace skipbench {
namespace {

std::vector<MetricInfo> MetricsOf(const ResultReader& result) {
  std::vector<MetricInfo> metrics;
  for (size_t k = 0; k < result.header().settings.size(); ++k)
    for (const auto& metric : result.Metrics(k))
      if (std::none_of(metrics.begin(), metrics.end(), [&](const auto& m) { return m.name == metric.name; }))
        metrics.push_back(metric);
  std::sort(metrics.begin(), metrics.end(),
            [](const auto& a, const auto& b) { return std::tie(a.order, a.name) < std::tie(b.order, b.name); });
  return metrics;
}

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
    std::vector<double> values = All(column), done;
    for (size_t i = 0; i < values.size(); ++i)
      if (Done(i)) done.push_back(values[i]);
    if (done.empty()) return std::nullopt;
    return done;
  }
  std::vector<double> All(const std::string& column) const { return result_.Read<double>(setting_, column).values; }

 private:
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

// Seconds of one sample, or nothing.
std::optional<double> SecondsOf(const LatencyRecord& record) {
  const auto total = record.stage_s.find("total");
  if (record.status != Status::kDone || total == record.stage_s.end() || total->second.empty()) return std::nullopt;
  return Median(total->second) / record.batch;
}

void Latency(const std::vector<LatencyRecord>& records, size_t k, int reference, TableRow& row) {
  for (const auto& record : records) {
    if (record.setting != static_cast<int>(k)) continue;
    const auto seconds = SecondsOf(record);
    if (!seconds) {
      row.latency_message = record.message;
      continue;
    }
    row.latency_message.clear();
    LatencySummary& summary =
        row.latency.emplace(LatencySummary{.seconds = *seconds,
                                           .peak_memory_kind = record.peak_memory_kind,
                                           .batch = record.batch,
                                           .threads = record.threads,
                                           .repeats = static_cast<int64_t>(record.stage_s.at("total").size())});
    if (std::isfinite(record.peak_memory_bytes)) summary.peak_memory_bytes = record.peak_memory_bytes;
    for (const auto& other : records)
      if (other.setting == reference && other.batch == record.batch && other.threads == record.threads &&
          !summary.speed_up)
        if (const auto base = SecondsOf(other); base && *seconds > 0) summary.speed_up = *base / *seconds;
    return;  // the first that worked; others have other batches
  }
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
    row.nfe = SpreadOf(columns[k].Values("nfe"));
    row.shallow_nfe = SpreadOf(columns[k].Values("shallow_nfe"));
    row.macs_modules = MeanOf(columns[k].Values("macs_modules"));
    row.macs_matmuls = MeanOf(columns[k].Values("macs_matmuls"));
    const int reference = ReferenceOf(settings, k);
    if (reference >= 0 && table.samples > 0) {
      const SettingColumns& other = columns[reference];
      row.macs_modules_ratio = Ratio(columns[k], other, "macs_modules");
      row.macs_matmuls_ratio = Ratio(columns[k], other, "macs_matmuls");
    }
    Latency(result.latency(), k, reference, row);
    for (const auto& metric : table.metrics)
      row.metrics.push_back(SummaryOf(columns[k].Values(metric.name), metric, sampling));
    row.static_path = FindStaticPath(result, k);
  }
  AddSearched(result, &table);
  for (const auto& distance : distances) AddDistance(distance, &table);
  if (const auto plan = FindSetMetricPlan(result))
    for (const auto& [metric, why] : plan->missing) table.unavailable[FeatureColumn(metric)] = why;
  return table;
}

}  // namespace skipbench
