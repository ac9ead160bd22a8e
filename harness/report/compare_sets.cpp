#include "harness/report/compare_sets.h"

#include <algorithm>

#include "harness/report/naming.h"
#include "harness/report/set_difference.h"

namespace skipbench {
namespace {

// "prc_fashion precision" -> "prc_fashion": the metric that a config names.
std::string MetricOf(const TableDistance& distance) {
  for (const std::string column : {" precision", " recall"})
    if (distance.metric.ends_with(column)) return distance.metric.substr(0, distance.metric.size() - column.size());
  return distance.metric;
}

// What is written for "fd_fashion (data)" says more than what is written for "fd_fashion".
double LimitOf(const SettingDistance& base, const CompareOptions& options) {
  for (const auto& name : {base.distance.Name(), base.distance.metric, MetricOf(base.distance)})
    if (const auto given = options.limits.find(name); given != options.limits.end()) return given->second;
  return DefaultAllowance(base.distance.metric, base.value);
}

// How much worse NEW is.
MeanInterval LossOf(const DistanceValue& base, const DistanceValue& now, Better better, double level) {
  const SetDifference loss = better == Better::kHigher ? DifferenceOf(base, now, level) : DifferenceOf(now, base, level);
  return {loss.count, loss.difference, loss.low, loss.high};
}

}  // namespace

double DefaultAllowance(const std::string& metric, const DistanceValue& base) {
  return std::max(DefaultLimit(metric, *base.value), base.standard_error.value_or(0));
}

const DistanceValue* FindDistance(const std::vector<SettingDistance>& distances, size_t setting, const TableDistance& distance) {
  for (const auto& one : distances)
    if (one.setting == setting && one.distance.Name() == distance.Name()) return &one.value;
  return nullptr;
}

SetComparison CompareSet(const SettingDistance& base, const DistanceValue* now, const std::map<std::string, std::string>& not_comparable,
                         const CompareOptions& options) {
  const std::string name = base.distance.Name();
  SetComparison comparison;
  if (!base.value.value) return comparison;
  if (!now || !now->value) {
    comparison.not_comparable = fmt::format("{}: not measured in NEW{}", name, now && !now->note.empty() ? ": " + now->note : "");
    return comparison;
  }
  if (const auto why = not_comparable.find(MetricOf(base.distance)); why != not_comparable.end()) {
    comparison.not_comparable = name + ": " + why->second;
    return comparison;
  }
  const Better better = BetterOf(base.distance.metric);
  if (better == Better::kUnknown) {
    comparison.not_comparable = name + ": it is not known whether more of it is better";
    return comparison;
  }
  comparison.change = {.metric = name,
                       .base = *base.value.value,
                       .now = *now->value,
                       .loss = LossOf(base.value, *now, better, options.level),
                       .limit = LimitOf(base, options)};
  return comparison;
}

}  // namespace skipbench
