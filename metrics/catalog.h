// All metrics of single samples, by name.
#pragma once

#include <string>
#include <vector>

#include "metrics/metric.h"

namespace skipbench {

const std::vector<MetricType>& MetricTypes();

// Throws Error that names the place in the config (`where`) and lists the known names.
const MetricType& FindMetric(const std::string& name, const std::string& where);

}  // namespace skipbench
