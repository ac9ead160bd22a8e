// Numbers in JSON.
#pragma once

#include "harness/base/json.h"

namespace skipbench {

// Why a value is not what a key wants, "expected an integer in [1, 1000], found "fifty" (a string)"; "" if it is.
// Numbers are finite.
std::string WhyNotInt(const Json& value, int64_t min, int64_t max);
std::string WhyNotDouble(const Json& value, double min, double max);

// Numbers that JSON cannot write: Python's json module writes and reads them as NaN, Infinity and -Infinity (diffusers
// writes "lambda_min_clipped": -Infinity), and so does ParseJson(). JsonReader's numbers are finite all the same.
//
// The same value with every such number as the string "NaN", "Infinity" or "-Infinity": nlohmann's dump() makes null of
// it.
Json WithNamedNumbers(Json value);

}  // namespace skipbench
