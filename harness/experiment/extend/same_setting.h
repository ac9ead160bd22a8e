// Whether a setting of an earlier result computes what a setting of a plan does.
#pragma once

#include <set>
#include <string>

#include "harness/store/records.h"

namespace skipbench {

// The first difference between what the settings `k` of `there` and `j` of `here` compute, their references' runs
// included, "parameters.delta: 0.01 there, 0.02 here"; empty: none. What they are called does not count.
std::string SettingDifference(const RunHeader& there, size_t k, const RunHeader& here, size_t j);

// What the setting `k` computes, its full run aside; and what every value of a run depends on.
Json WhatItComputes(const RunHeader& header, size_t k);
Json WhatAllDependOn(const RunHeader& header);

// Keys of expanded_config that say which settings, samples and columns there are; those are compared one by one.
std::set<std::string> KeysAside(const RunHeader& header);

// The setting of `there` that is the setting `j` of `here`, -1: none; then `why` says how one of its method differs.
int FindSame(const RunHeader& there, const RunHeader& here, size_t j, std::string* why);

// Whether the weights of a metric are the ones that the earlier run had, as far as the metric has any. `name`: as in
// "weights of NAME".
bool SameWeights(const RunHeader& there, const RunHeader& here, const std::string& name);

}  // namespace skipbench
