#include "harness/base/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace skipbench {

std::string Significant(double value, int digits) {
  if (!std::isfinite(value)) return std::isnan(value) ? "-" : "infinite";
  if (value == 0) return "0";
  const double magnitude = std::floor(std::log10(std::fabs(value)));
  if (magnitude < -4 || magnitude > 9) return fmt::format("{:.{}e}", value, digits - 1);
  return fmt::format("{:.{}f}", value, std::max(0, digits - 1 - static_cast<int>(magnitude)));
}

std::string Thousands(int64_t value) {
  std::string text = std::to_string(value);
  const int64_t first = text.starts_with('-') ? 1 : 0;
  for (int64_t place = static_cast<int64_t>(text.size()) - 3; place > first; place -= 3)
    text.insert(static_cast<size_t>(place), 1, ',');
  return text;
}

std::string FormatBytes(double bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return fmt::format("{:.4g} {}", bytes, units[unit]);
}

std::string DateOf(double seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts = {};
  if (!gmtime_r(&time, &parts)) return "-";
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts)};
}

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
