// Which columns and rows of a table are shown, and in which order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/table.h"

namespace skipbench {

struct TableView {
  std::vector<std::string> columns;  // ids (table_columns.h; of CSV the names in its head); empty: the format's own
  std::vector<size_t> rows;          // indices into Table::rows
};

// Every row in the run's order.
TableView WholeView(const Table& table);

// `columns`: "a,b,c"; whoever renders the view knows which there are. `sort`: a column, "-column" for the largest
// first; what has no value comes last; empty: the run's order. `filters`: "column<value" (<, <=, >, >=, =, !=), or any
// part of a label; a row has to pass all of them. Throws Error naming the option for a column that is not there, a
// value that is no number where numbers are compared, and a part that no label has.
TableView ViewOf(const Table& table, const std::string& columns, const std::string& sort,
                 const std::vector<std::string>& filters);

}  // namespace skipbench
