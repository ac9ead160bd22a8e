// The table for programs: CSV and JSON.
#pragma once

#include <string>

#include "harness/analysis/table.h"

namespace skipbench {

// For programs: all digits. A value that is not there is empty in CSV, null in JSON.
std::string RenderCsv(const Table& table);
std::string RenderJson(const Table& table);

}  // namespace skipbench
