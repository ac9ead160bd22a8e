// Metrics of whole sets in a comparison of two results.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/report/compare.h"

namespace skipbench {

// That of a setting; nullptr: there is none.
const DistanceValue* FindDistance(const std::vector<SettingDistance>& distances, size_t setting, const TableDistance& distance);

struct SetComparison {
  std::optional<MetricChange> change;   // not judged yet; nothing where BASE has no value or the two cannot be compared
  std::string not_comparable;           // why not; empty where BASE has no value
};
// `now`: nullptr when NEW has no such value. `not_comparable`: SetDistances::not_comparable.
SetComparison CompareSet(const SettingDistance& base, const DistanceValue* now, const std::map<std::string, std::string>& not_comparable,
                         const CompareOptions& options);

}  // namespace skipbench
