// Metrics of whole sets for tables and comparisons: the rooms that compute and that print them do not know each other.
#pragma once

#include "harness/report/compare.h"
#include "harness/report/table.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {

// The table with the distances of `result`, stored or (where samples were added since, as in merged shards) computed
// now, and with the names of the metrics whose weights were missing.
skipbench::Table MakeFullTable(const ResultReader& result);

// All distances of `result`, as in MakeFullTable.
std::vector<SettingDistance> DistancesOf(const ResultReader& result);

// The names of the metrics of whole sets that a result has: "fd_fashion", "prc_fashion", "prc_fashion precision", ...
std::vector<std::string> SetMetricColumns(const ResultReader& result);

// The distances of both over the samples that both have done, setting by setting: stored ones where those are all,
// computed now from the stored features where they are not.
SetDistances DistancesToCompare(const ResultReader& base, const ResultReader& now);

}  // namespace skipbench::cli
