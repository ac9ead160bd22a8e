// Numbers and texts as tables for programs hold them.
#pragma once

#include <optional>
#include <string>

#include "harness/base/json.h"

namespace skipbench {

// A CSV field in quotation marks (RFC 4180).
std::string CsvQuoted(const std::string& text);

// The same, with quotation marks only where the text needs them.
std::string CsvCell(const std::string& text);

// With all digits; empty for what is not there or not finite.
std::string CsvNumber(std::optional<double> value);

// null for what is not there or not finite: JSON has no NaN.
Json JsonNumber(std::optional<double> value);

}  // namespace skipbench
