// Numbers as people read them; numbers and texts as tables for programs hold them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/base/json.h"

namespace skipbench {

// `digits` significant ones, without an exponent where that is readable: "0.0213", "31.2", "1.24e+12"; "-" for what is
// no number, "infinite".
std::string Significant(double value, int digits = 3);

// "1,234,567"
std::string Thousands(int64_t value);

// Four significant digits and a unit: "3.126 MiB".
std::string FormatBytes(double bytes);

// Seconds since 1970 as a date and time in UTC: "2026-11-29 02:10 UTC".
std::string DateOf(double seconds);

// A CSV field in quotation marks (RFC 4180).
std::string CsvQuoted(const std::string& text);

// The same, with quotation marks only where the text needs them.
std::string CsvCell(const std::string& text);

// With all digits; empty for what is not there or not finite.
std::string CsvNumber(std::optional<double> value);

// null for what is not there or not finite: JSON has no NaN.
Json JsonNumber(std::optional<double> value);

}  // namespace skipbench
