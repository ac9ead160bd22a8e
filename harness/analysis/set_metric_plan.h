// What a run says about its metrics of whole sets; kept beside the samples, as the part "set_metrics".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/measures/feature_set.h"
#include "harness/measures/metric_info.h"
#include "harness/measures/set_metric.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct SetMetricPlan {
  std::vector<SetMetric> metrics;
  FeatureSets reference;                       // by network: the data's; absent: the metric has none
  std::map<std::string, std::string> weights;  // by network: SHA-256
  std::map<std::string, std::string> missing;  // metrics (of sets or of samples) without weights, and why
  int64_t paper_batch = 16;                    // samples that a metric of errors pools; of clips 1
};
inline constexpr const char* kSetMetricsPart = "set_metrics";
void WriteSetMetricPlan(hdf5::Group& group, const SetMetricPlan& plan);
// Throws Error for a metric that `known` does not know.
SetMetricPlan ReadSetMetricPlan(const hdf5::Group& group, const KnownMetrics& known);
// That of a result; nothing where the run has no such metrics.
std::optional<SetMetricPlan> FindSetMetricPlan(const ResultReader& result);

// The column that holds a network's features: "inception:clean" -> "inception_clean" (below features/).
std::string FeatureColumn(const std::string& network);
// The columns (below auxiliary/) that metrics of errors are made of: mean squared error, and the largest value of the
// picture.
inline constexpr const char* kMseColumn = "psnr_mse";
inline constexpr const char* kPeakColumn = "psnr_peak";

}  // namespace skipbench
