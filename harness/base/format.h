// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace skipbench {

// `digits` significant ones, without an exponent where that is readable: "0.0213", "31.2", "1.24e+12"; "-" for what is
// no number, "infinite".
std::string Significant(double value, int digits = 3);

// "1,234,567"
std::string Thousands(int64_t value);

// Four significant digits and a unit: "3.126 MiB".
std::string FormatBytes(double bytes);

}  // namespace skipbench
