// Numbers that JSON cannot write: Python's json module writes and reads them as NaN, Infinity and -Infinity (diffusers writes
// "lambda_min_clipped": -Infinity), and so does ParseJson(). JsonReader's numbers are finite all the same.
#pragma once

#include "harness/base/json.h"

namespace skipbench {

// The same value with every such number as the string "NaN", "Infinity" or "-Infinity": nlohmann's dump() makes null of it.
Json WithNamedNumbers(Json value);

}  // namespace skipbench
