// What decisions are made from: some columns of the samples, in the order of the plan.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/store/records.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// Values of a column, [setting][sample]; NaN: the setting has not done the sample, or the value is not defined.
using SettingValues = std::vector<std::vector<double>>;

struct DecidingSamples {
  std::vector<int64_t> ordinals;  // [n]
  std::map<std::string, SettingValues> columns;
};

// The columns `names` of a wave, or of a result. A column that is not there has no values: NaN.
DecidingSamples SamplesOf(const Wave& wave, const std::vector<std::string>& names);
DecidingSamples SamplesOf(const ResultReader& result, const std::vector<std::string>& names);

}  // namespace skipbench
