// Settings and samples of a result.
#pragma once

#include <string>
#include <vector>

#include "harness/store/result_reader.h"

namespace skipbench {

// The index of the setting with this label, or with this one in short, as tables and verdicts print it. Throws Error,
// which begins with `where` and lists the settings, if there is none, and if several are called so in short.
size_t FindSetting(const ResultReader& result, const std::string& label, const std::string& where);

// The metrics of single samples that any setting has, in the order of a table's columns.
std::vector<MetricInfo> MetricsOf(const ResultReader& result);

// Which samples a setting has done; all settings: [setting][sample].
std::vector<bool> DoneSamples(const ResultReader& result, size_t setting);
std::vector<std::vector<bool>> DoneSamples(const ResultReader& result);

}  // namespace skipbench
