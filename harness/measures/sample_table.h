// Values of single samples.
#pragma once

#include <string>
#include <vector>

#include "harness/measures/metric_info.h"
#include "harness/measures/squared_error.h"

namespace skipbench {

struct SampleColumn {
  std::string metric;                       // that it belongs to: "latent_error"
  MetricInfo info;                          // of the column: "latent_l1"
  std::vector<double> values;               // [n]; infinite: identical pictures; NaN: undefined
  std::vector<std::vector<double>> frames;  // of clips: [n][T]
};

struct SampleTable {
  std::vector<std::string> names;  // [n]
  bool clips = false;
  std::vector<SampleColumn> columns;
  std::vector<SquaredError> errors;  // [n], of clips over all frames; where a metric needs them
};

}  // namespace skipbench
