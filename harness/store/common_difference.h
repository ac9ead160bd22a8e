// How far two runs that are not the same have anything in common.
#pragma once

#include <set>
#include <string>

#include "harness/store/records.h"

namespace skipbench {

// The first difference that leaves two runs no value in common, in the words of FirstDifference (schema.h). `aside`:
// keys of expanded_config that say which settings, samples and columns there are; inputs of data, metrics and single
// settings do not count either.
std::string FirstCommonDifference(const RunHeader& there, const RunHeader& here, const std::set<std::string>& aside);

// "parameters.delta: 0.01 there, 0.02 here" for the first place where two values differ, in the order of the keys.
std::string JsonDifference(const Json& there, const Json& here, const std::string& path);

}  // namespace skipbench
