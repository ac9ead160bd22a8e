#include "harness/analysis/history.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "harness/analysis/comparable.h"
#include "harness/analysis/recorded_actions.h"
#include "harness/analysis/settings.h"
#include "harness/stats/quantile.h"

namespace skipbench {
namespace {

using Results = std::vector<ResultReader>;

std::string CommitOf(const ResultReader& result) {
  const Json& environment = result.environments().empty() ? Json() : result.environments().back();
  if (!environment.is_object()) return "";
  const std::string revision = environment.value("git_revision", "");
  return revision.substr(0, 12) + (environment.value("git_dirty", false) && !revision.empty() ? "+" : "");
}

std::optional<size_t> Find(const ResultReader& result, const std::string& label) {
  const auto& settings = result.header().settings;
  const auto found = std::ranges::find(settings, label, &SettingInfo::label);
  return found == settings.end() ? std::nullopt : std::optional(static_cast<size_t>(found - settings.begin()));
}

// One setting in all results: which have it, and the samples that it has done there.
class SettingHistory {
 public:
  SettingHistory(const Results& results, const std::vector<Version>& versions, std::string label)
      : results_(results), versions_(versions), label_(std::move(label)) {
    for (const auto& result : results) {
      places_.push_back(Find(result, label_));
      auto& done = done_.emplace_back();
      if (!places_.back()) continue;
      const auto of_samples = DoneSamples(result, *places_.back());
      for (size_t i = 0; i < of_samples.size(); ++i)
        if (of_samples[i]) done[result.samples()[i].id] = i;
    }
    for (size_t v = 0; v < results.size(); ++v)
      differs_.push_back(v > 0 && places_[v - 1] && places_[v] &&
                         FindCounterpart(results[v - 1].header(), *places_[v - 1], results[v].header()).index < 0);
  }

  const std::string& label() const { return label_; }
  std::optional<size_t> place(size_t version) const { return places_[version]; }

  bool IsReference() const {
    for (size_t v = 0; v < results_.size(); ++v)
      if (places_[v]) return results_[v].header().settings[*places_[v]].reference;
    return false;
  }

  // Versions that follow each other, have `has`, and can be compared.
  template <class Has>
  std::vector<std::vector<size_t>> Stretches(const Has& has) const {
    std::vector<std::vector<size_t>> stretches(1);
    for (size_t v = 0; v < results_.size(); ++v) {
      if ((!versions_[v].other.empty() || differs_[v]) && !stretches.back().empty()) stretches.emplace_back();
      if (places_[v] && has(v)) stretches.back().push_back(v);
    }
    std::erase_if(stretches, [](const auto& stretch) { return stretch.empty(); });
    return stretches;
  }

  // Values of the samples that all versions of a stretch have a number for: [version][sample].
  std::vector<std::vector<double>> Common(const std::vector<size_t>& stretch,
                                          const std::vector<std::vector<double>>& columns) const {
    std::vector<std::vector<double>> common(stretch.size());
    for (const auto& [id, first] : done_[stretch[0]]) {
      std::vector<double> row;
      for (const size_t v : stretch) {
        const auto found = done_[v].find(id);
        if (found == done_[v].end() || !std::isfinite(columns[v][found->second])) break;
        row.push_back(columns[v][found->second]);
      }
      if (row.size() < stretch.size()) continue;
      for (size_t i = 0; i < row.size(); ++i) common[i].push_back(row[i]);
    }
    return common;
  }

  // The mean over the samples done, of those with a number.
  void AddMeans(const std::vector<std::vector<double>>& columns, Series* series) const {
    for (size_t v = 0; v < results_.size(); ++v) {
      double sum = 0;
      int64_t count = 0;
      for (const auto& [id, place] : done_[v]) {
        if (columns[v].empty() || !std::isfinite(columns[v][place])) continue;
        sum += columns[v][place];
        ++count;
      }
      series->values.push_back(count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt);
      series->samples.push_back(count);
    }
  }

 private:
  const Results& results_;
  const std::vector<Version>& versions_;
  std::string label_;
  std::vector<std::optional<size_t>> places_;
  std::vector<std::map<int64_t, size_t>> done_;  // [version] id -> place
  std::vector<bool> differs_;                    // [version] another setting than the one called so before
};

// Changes of a stretch, as changes of the versions.
void AddChanges(const std::vector<size_t>& stretch, std::vector<ChangePoint> found, Series* series) {
  for (auto& change : found) {
    change.at = stretch[change.at];
    series->changes.push_back(change);
  }
}

Series Metric(const Results& results, const SettingHistory& setting, const MetricInfo& metric, double alpha) {
  Series series{.setting = setting.label(), .name = metric.name, .title = TitleOf(metric), .unit = metric.unit};
  series.reference = setting.IsReference();
  if (metric.better != Direction::kUnknown) series.higher_is_better = metric.better == Direction::kHigher;
  std::vector<std::vector<double>> columns(results.size());
  for (size_t v = 0; v < results.size(); ++v) {
    if (!setting.place(v) || !results[v].FindColumn(*setting.place(v), metric.name)) continue;
    columns[v] = results[v].Read<double>(*setting.place(v), metric.name).values;
    if (metric.ceiling)
      for (double& value : columns[v]) value = std::min(value, *metric.ceiling);
  }
  setting.AddMeans(columns, &series);
  for (const auto& stretch : setting.Stretches([&](size_t v) { return !columns[v].empty(); }))
    AddChanges(stretch, PairedChanges(setting.Common(stretch, columns), alpha), &series);
  return series;
}

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Exact: any difference on the same samples is a change.
Series Cost(const Results& results, const SettingHistory& setting, const std::string& name, const std::string& title,
            double scale) {
  Series series{.setting = setting.label(),
                .name = name,
                .title = title,
                .unit = "",
                .quantity = Quantity::kCost,
                .higher_is_better = false};
  std::vector<std::vector<double>> columns(results.size());
  for (size_t v = 0; v < results.size(); ++v) {
    if (!setting.place(v) || !results[v].FindColumn(*setting.place(v), name)) continue;
    columns[v] = name == "nfe" ? EvaluationsOf(results[v], *setting.place(v), kActionPredict)
                               : results[v].Read<double>(*setting.place(v), name).values;
    for (double& value : columns[v]) value /= scale;
  }
  setting.AddMeans(columns, &series);
  for (const auto& stretch : setting.Stretches([&](size_t v) { return !columns[v].empty(); }))
    for (size_t i = 1; i < stretch.size(); ++i) {
      const auto pair = setting.Common({stretch[i - 1], stretch[i]}, columns);
      if (pair[0].empty() || MeanOf(pair[0]) == MeanOf(pair[1])) continue;
      series.changes.push_back({.at = stretch[i], .before = MeanOf(pair[0]), .after = MeanOf(pair[1]), .p = 0});
    }
  return series;
}

const LatencyRecord* LatencyOf(const ResultReader& result, size_t setting) {
  for (const auto& record : result.latency())
    if (record.setting == static_cast<int>(setting) && record.status == Status::kDone &&
        record.stage_s.contains("total") && !record.stage_s.at("total").empty())
      return &record;
  return nullptr;
}

Series Speed(const Results& results, const SettingHistory& setting, double alpha) {
  Series series{.setting = setting.label(),
                .name = "latency",
                .title = "latency",
                .unit = "s",
                .quantity = Quantity::kSpeed,
                .higher_is_better = false};
  std::vector<const LatencyRecord*> records;
  for (size_t v = 0; v < results.size(); ++v)
    records.push_back(setting.place(v) ? LatencyOf(results[v], *setting.place(v)) : nullptr);
  const auto work = [](const LatencyRecord& record) -> const std::vector<double>* {
    const auto found = record.stage_s.find("calibration");
    return found != record.stage_s.end() && !found->second.empty() ? &found->second : nullptr;
  };
  for (const auto* record : records) {
    series.values.push_back(record ? std::optional(Median(record->stage_s.at("total")) / record->batch) : std::nullopt);
    series.samples.push_back(record ? std::ssize(record->stage_s.at("total")) : 0);
  }
  for (const auto& stretch : setting.Stretches([&](size_t v) { return records[v] != nullptr; })) {
    const bool calibrated = std::ranges::all_of(stretch, [&](size_t v) { return work(*records[v]) != nullptr; });
    std::vector<double> logs;
    for (const size_t v : stretch)
      logs.push_back(std::log(*series.values[v] / (calibrated ? Median(*work(*records[v])) : 1)));
    auto found = SeriesChanges(logs, alpha);
    // As seconds again: means of logarithms on this machine mean little to people.
    for (size_t i = 0; i < found.size(); ++i) {
      const auto mean = [&](size_t begin, size_t end) {
        std::vector<double> seconds;
        for (size_t k = begin; k < end; ++k) seconds.push_back(*series.values[stretch[k]]);
        return Median(seconds);
      };
      found[i].before = mean(i > 0 ? found[i - 1].at : 0, found[i].at);
      found[i].after = mean(found[i].at, i + 1 < found.size() ? found[i + 1].at : stretch.size());
    }
    AddChanges(stretch, std::move(found), &series);
  }
  return series;
}

std::vector<std::string> Labels(const Results& results) {
  std::vector<std::string> labels;
  for (const auto& result : results)
    for (const auto& setting : result.header().settings)
      if (std::ranges::find(labels, setting.label) == labels.end()) labels.push_back(setting.label);
  return labels;
}

// The metrics of single samples that a setting has in any result, as the last one describes them.
std::vector<MetricInfo> MetricsOf(const Results& results, const SettingHistory& setting) {
  std::vector<MetricInfo> metrics;
  for (size_t v = results.size(); v-- > 0;)
    if (setting.place(v))
      for (const auto& metric : results[v].Metrics(*setting.place(v)))
        if (std::ranges::find(metrics, metric.name, &MetricInfo::name) == metrics.end()) metrics.push_back(metric);
  std::ranges::stable_sort(metrics, {}, &MetricInfo::order);
  return metrics;
}

}  // namespace

History MakeHistory(const std::vector<ResultReader>& results, const std::vector<std::string>& names,
                    const HistoryOptions& options) {
  History history{.versions = {}, .series = {}, .level = options.level};
  for (size_t v = 0; v < results.size(); ++v) {
    Version version{.name = names.at(v), .commit = CommitOf(results[v]), .samples = std::ssize(results[v].samples())};
    if (v > 0) {
      version.other = WhyNotComparable(results[v - 1], results[v]);
      version.renamed = CalledTheSame(results[v - 1].header(), results[v].header());
    }
    history.versions.push_back(std::move(version));
  }
  std::vector<SettingHistory> settings;
  size_t tested = 0;
  for (const auto& label : Labels(results)) {
    const auto& setting = settings.emplace_back(results, history.versions, label);
    tested += MetricsOf(results, setting).size() + 1;
  }
  const double alpha = (1 - options.level) / static_cast<double>(std::max<size_t>(1, tested));
  for (const auto& setting : settings) {
    for (const auto& metric : MetricsOf(results, setting))
      history.series.push_back(Metric(results, setting, metric, alpha));
    history.series.push_back(Cost(results, setting, "nfe", "NFE", 1));
    history.series.push_back(Cost(results, setting, "macs_matmuls", "GMACs matmuls", 1e9));
    history.series.push_back(Speed(results, setting, alpha));
  }
  std::erase_if(history.series, [](const Series& series) {
    return std::ranges::none_of(series.values, [](const auto& value) { return value.has_value(); });
  });
  return history;
}

}  // namespace skipbench
