#include "harness/analysis/compare_sets.h"

#include <algorithm>

#include "harness/analysis/comparable.h"
#include "harness/analysis/paired_table.h"
#include "harness/analysis/set_distances.h"
#include "harness/analysis/settings.h"

namespace skipbench {
namespace {

using Rows = std::vector<std::vector<bool>>;  // [setting][sample]

// Of each setting that both have, the samples that both have done; of other settings none.
void CommonRows(const ResultReader& base, const ResultReader& now, Rows* in_base, Rows* in_now) {
  const Rows done_base = DoneSamples(base), done_now = DoneSamples(now);
  in_base->assign(done_base.size(), std::vector<bool>(base.samples().size(), false));
  in_now->assign(done_now.size(), std::vector<bool>(now.samples().size(), false));
  const auto pairs = PairSamples(base, now);
  for (size_t k = 0; k < done_base.size(); ++k) {
    const int j = FindCounterpart(base.header(), k, now.header()).index;
    if (j < 0) continue;
    for (const auto& [a, b] : pairs)
      if (done_base[k][a] && done_now[j][b]) (*in_base)[k][a] = (*in_now)[j][b] = true;
  }
}

// The same pictures on another machine have features that differ in their last digits.
bool SameReference(const FeatureSet& a, const FeatureSet& b) {
  if (a.dimension != b.dimension || a.count() != b.count()) return false;
  const auto mean = [](const FeatureSet& set) {
    return set.normal ? set.normal->mean : StatisticsOf(set.view()).mean();
  };
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

// The metric that a config names.
const std::string& MetricOf(const MetricInfo& info) { return info.part_of.empty() ? info.name : info.part_of; }

// What is written for "fd_fashion (data)" says more than what is written for "fd_fashion".
double LimitOf(const MeasuredValue& base, const CompareOptions& options) {
  for (const auto& name : {base.Name(), base.metric.name, MetricOf(base.metric)})
    if (const auto given = options.limits.find(name); given != options.limits.end()) return given->second;
  return DefaultAllowance(base);
}

// How much worse NEW is.
MeanInterval LossOf(const MeasuredValue& base, const MeasuredValue& now, double level) {
  const bool higher = base.metric.better == Direction::kHigher;
  const MetricDifference loss = higher ? DifferenceOf(base, now, level) : DifferenceOf(now, base, level);
  return {loss.count, loss.difference, loss.low, loss.high};
}

}  // namespace

double DefaultAllowance(const MeasuredValue& base) {
  return std::max(DefaultLimit(base.metric, *base.value), base.standard_error.value_or(0));
}

std::vector<std::string> SetMetricNames(const ResultReader& result) {
  std::vector<std::string> names;
  if (const auto plan = FindSetMetricPlan(result))
    for (const auto& metric : plan->metrics) {
      names.push_back(metric.name);
      for (const auto& column : metric.columns)
        if (column.name != metric.name) names.push_back(column.name);
    }
  return names;
}

ComparedSets SetsToCompare(const ResultReader& base, const ResultReader& now, const Allowances& allowances) {
  ComparedSets sets;
  if (!WhyNotComparable(base, now, allowances).empty()) return sets;
  Rows in_base, in_now;
  CommonRows(base, now, &in_base, &in_now);
  sets.base = SetDistances(base, in_base);
  sets.now = SetDistances(now, in_now);
  // Blocks of other samples do not pair.
  if (!InOrder(PairSamples(base, now)))
    for (auto& distance : sets.now) distance.without_block.clear();
  const auto plan = FindSetMetricPlan(base), other = FindSetMetricPlan(now);
  if (plan && other)
    for (const auto& metric : plan->metrics)
      if (const auto why = WhyNot(metric, *plan, *other); !why.empty()) sets.not_comparable[metric.name] = why;
  return sets;
}

SetComparison CompareSet(const MeasuredValue& base, const ComparedSets& sets, size_t setting,
                         const CompareOptions& options) {
  if (!base.value) return {};
  const std::string name = base.Name();
  const auto now = std::find_if(sets.now.begin(), sets.now.end(),
                                [&](const auto& one) { return one.setting == setting && one.Name() == name; });
  const bool there = now != sets.now.end();
  if (!there || !now->value)
    return {{}, fmt::format("{}: not measured in NEW{}", name, there && !now->note.empty() ? ": " + now->note : "")};
  if (const auto why = sets.not_comparable.find(MetricOf(base.metric)); why != sets.not_comparable.end())
    return {{}, name + ": " + why->second};
  if (base.metric.better == Direction::kUnknown) return {{}, name + ": it is not known whether more of it is better"};
  return {MetricChange{.metric = name,
                       .better = base.metric.better,
                       .base = *base.value,
                       .now = *now->value,
                       .loss = LossOf(base, *now, options.level),
                       .limit = LimitOf(base, options)},
          ""};
}

}  // namespace skipbench
