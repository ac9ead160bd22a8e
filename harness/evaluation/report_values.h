// What is reported of a measurement.
#pragma once

#include <string>
#include <vector>

#include "harness/evaluation/evaluate.h"

namespace skipbench {

// The values of all `requests`, in their order: means over samples with their intervals, metrics of sets, and one that
// is not available for each whose weights are missing or that could not be met.
std::vector<MeasuredValue> ReportValues(const Measurement& measured, const std::vector<MetricRequest>& requests,
                                        const MetricNetworks& networks, const SetOptions& options,
                                        const std::string& subject);

}  // namespace skipbench
