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

// The width of its first table in Markdown.
size_t TableWidth(const TableText& text);
// In Markdown whose words outside the tables are in lines of at most `width`, with the first `notes` notes.
std::string RenderNarrow(TableText text, size_t width, size_t notes);

// Of CSV files: their lines with `result` as the first column, result after result. What only some have is empty in the
// others.
std::string SideBySideCsv(const std::vector<OfResult<std::string>>& results);

// Of JSON texts: {"results": [{"result": name, ...}, ...]}.
std::string SideBySideJson(const std::vector<OfResult<std::string>>& results);

}  // namespace skipbench
