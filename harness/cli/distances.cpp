#include "harness/cli/distances.h"

#include <algorithm>

#include "harness/evaluation/result_distances.h"
#include "harness/report/comparable.h"
#include "metrics/torch_solver.h"

namespace skipbench::cli {
namespace {

using Rows = std::vector<std::vector<bool>>;  // [setting][sample]

SettingDistance Converted(const ResultDistance& distance) {
  const MetricRow& row = distance.row;
  return {distance.setting,
          {row.metric, distance.against == Against::kData ? "data" : "reference", row.unit},
          {row.value, row.low, row.high, row.standard_error, row.count, row.available, row.interval, row.note,
           row.without_block}};
}

// Of each setting that both have, the samples that both have done; of other settings none.
void CommonRows(const ResultReader& base, const ResultReader& now, Rows* in_base, Rows* in_now) {
  const Rows done_base = DoneSamples(base), done_now = DoneSamples(now);
  const auto none = [](const Rows& rows) {
    Rows empty;
    for (const auto& one : rows) empty.emplace_back(one.size(), false);
    return empty;
  };
  *in_base = none(done_base);
  *in_now = none(done_now);
  const auto pairs = PairSamples(base, now);
  for (size_t k = 0; k < done_base.size(); ++k) {
    const int j = FindCounterpart(base.header(), k, now.header()).index;
    if (j < 0) continue;
    for (const auto& [a, b] : pairs)
      if (done_base[k][a] && done_now[static_cast<size_t>(j)][b])
        (*in_base)[k][a] = (*in_now)[static_cast<size_t>(j)][b] = true;
  }
}

std::vector<SettingDistance> DistancesOver(const ResultReader& result, const Rows& rows) {
  std::vector<SettingDistance> distances;
  for (const auto& distance : ResultDistances(result, rows, TorchSolver())) distances.push_back(Converted(distance));
  return distances;
}

// The same pictures on another machine have features that differ in their last digits.
bool SameReference(const FeatureSet& a, const FeatureSet& b) {
  if (a.dimension != b.dimension || a.count() != b.count()) return false;
  const auto mean = [](const FeatureSet& set) { return set.normal ? set.normal->mean : StatisticsOf(set.view()).mean(); };
  return (mean(a) - mean(b)).norm() <= 1e-3 * mean(a).norm();
}

// Why values of a metric say nothing about each other; empty: they do.
std::string WhyNot(const SetMetric& metric, const SetMetricPlan& base, const SetMetricPlan& now) {
  const auto a = base.weights.find(metric.network), b = now.weights.find(metric.network);
  if (a != base.weights.end() && b != now.weights.end() && a->second != b->second)
    return fmt::format("other weights of {}: SHA-256 {:.12}... in BASE, {:.12}... in NEW", metric.network, a->second,
                       b->second);
  const auto r = base.reference.find(metric.network), s = now.reference.find(metric.network);
  if (r != base.reference.end() && s != now.reference.end() && !SameReference(r->second, s->second))
    return fmt::format("other reference data: {} in BASE, {} in NEW", r->second.description, s->second.description);
  return "";
}

bool InOrder(const std::vector<std::pair<size_t, size_t>>& pairs) {
  return std::is_sorted(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
}

}  // namespace

std::vector<SettingDistance> DistancesOf(const ResultReader& result) {
  return DistancesOver(result, DoneSamples(result));
}

skipbench::Table MakeFullTable(const ResultReader& result) {
  skipbench::Table table = MakeTable(result);
  for (const auto& distance : DistancesOf(result)) AddDistance(distance, &table);
  if (const auto plan = FindSetMetricPlan(result))
    for (const auto& [metric, why] : plan->missing) table.unavailable[FeatureColumn(metric)] = why;
  return table;
}

std::vector<std::string> SetMetricColumns(const ResultReader& result) {
  std::vector<std::string> names;
  if (const auto plan = FindSetMetricPlan(result))
    for (const auto& metric : plan->metrics) {
      names.push_back(metric.name);
      if (metric.kind == SetMetricKind::kPrecisionRecall)
        for (const char* column : {" precision", " recall"}) names.push_back(metric.name + column);
    }
  return names;
}

SetDistances DistancesToCompare(const ResultReader& base, const ResultReader& now) {
  SetDistances distances;
  if (!WhyNotComparable(base, now).empty()) return distances;
  Rows in_base, in_now;
  CommonRows(base, now, &in_base, &in_now);
  distances.base = DistancesOver(base, in_base);
  distances.now = DistancesOver(now, in_now);
  // Blocks of other samples do not pair.
  if (!InOrder(PairSamples(base, now)))
    for (auto& distance : distances.now) distance.value.without_block.clear();
  const auto plan = FindSetMetricPlan(base), other = FindSetMetricPlan(now);
  if (plan && other)
    for (const auto& metric : plan->metrics)
      if (const auto why = WhyNot(metric, *plan, *other); !why.empty()) distances.not_comparable[metric.name] = why;
  return distances;
}

}  // namespace skipbench::cli
