// Metrics of whole sets into a table: the rooms that compute and that print them do not know each other.
#pragma once

#include "harness/report/table.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {

// The table with the distances of `result`, stored or (where samples were added since, as in merged shards) computed
// now, and with the names of the metrics whose weights were missing.
skipbench::Table MakeFullTable(const ResultReader& result);

}  // namespace skipbench::cli
