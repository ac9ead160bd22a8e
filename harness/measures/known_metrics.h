// The catalog of metrics, for rooms that do without LibTorch: whoever opens results hands it to them.
#pragma once

#include <optional>
#include <string>

#include "harness/measures/metric_info.h"

namespace skipbench {

struct SetMetric;  // set_metric.h

struct KnownMetrics {
  // What a column of single samples is, for results that do not describe their metrics; nothing if it is none of the
  // catalog's.
  std::optional<MetricInfo> (*column)(const std::string& name) = nullptr;
  // A metric of sets by its name in the results; nothing if there is none.
  std::optional<SetMetric> (*set)(const std::string& name) = nullptr;
};

}  // namespace skipbench
