// Which cells of a table are the best of their column.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/analysis/table.h"

namespace skipbench {

// (row, column) of the best values under these headings; full runs are left out, and so are columns of which nobody
// knows which way is better, or that have less than two values. `rows`: indices into Table::rows, as they are shown.
std::set<std::pair<size_t, size_t>> BestCells(const Table& table, const std::vector<size_t>& rows,
                                              const std::vector<std::string>& headings);

}  // namespace skipbench
