#include "harness/base/table_format.h"

#include <fmt/format.h>

#include <cmath>

namespace skipbench {

std::string CsvQuoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string CsvCell(const std::string& text) {
  return text.find_first_of(",\"\r\n") == std::string::npos ? text : CsvQuoted(text);
}

std::string CsvNumber(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "";
}

Json JsonNumber(std::optional<double> value) { return value && std::isfinite(*value) ? Json(*value) : Json(nullptr); }

}  // namespace skipbench
