// Tables of several results as one.
#pragma once

#include <string>
#include <vector>

#include "harness/report/tables/table_text.h"

namespace skipbench {

// What a result is called among the others, and its table in one of the forms.
template <class Form>
struct OfResult {
  std::string name;
  Form table;
};

// One table with a column `result`: the same setting of all results stands together, in the order in which settings
// first appear. Columns that only some have are "-" in the others; notes that all have are said once.
TableText SideBySide(const std::vector<OfResult<TableText>>& results);

// Of CSV files: their lines with `result` as the first column, result after result. What only some have is empty in the
// others.
std::string SideBySideCsv(const std::vector<OfResult<std::string>>& results);

// Of JSON texts: {"results": [{"result": name, ...}, ...]}.
std::string SideBySideJson(const std::vector<OfResult<std::string>>& results);

}  // namespace skipbench
