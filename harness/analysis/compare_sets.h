// Metrics of whole sets in a comparison of two results.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/compare.h"

namespace skipbench {

// The names of the metrics of whole sets that a result has: "fd_fashion", "prc_fashion", "prc_fashion precision", ...
std::vector<std::string> SetMetricNames(const ResultReader& result);

// The values of both over the samples that both have done, setting by setting: stored ones where those are all,
// computed now from the stored features where they are not.
ComparedSets SetsToCompare(const ResultReader& base, const ResultReader& now, const Allowances& allowances = {});

struct SetComparison {
  std::optional<MetricChange> change;  // not judged yet; nothing where BASE has no value or the two cannot be compared
  std::string not_comparable;          // why not; empty where BASE has no value
};
// BASE's value with that of NEW's `setting`.
SetComparison CompareSet(const MeasuredValue& base, const ComparedSets& sets, size_t setting,
                         const CompareOptions& options);

}  // namespace skipbench
