#include "harness/evaluation/metric_row.h"

#include <cmath>
#include <vector>

#include "harness/base/error.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/moments.h"

namespace skipbench {

MetricRow MeanRow(std::span<const double> values, const std::string& metric, const std::string& unit,
                  const std::string& subject) {
  MetricRow row{.subject = subject, .metric = metric, .unit = unit};
  std::vector<double> finite;
  RunningMoments moments;
  int64_t undefined = 0;
  for (const double value : values) {
    if (std::isnan(value)) {
      ++undefined;
    } else if (std::isinf(value)) {
      ++row.identical;
    } else {
      finite.push_back(value);
      moments.Add(value);
    }
  }
  row.count = static_cast<int64_t>(finite.size());
  if (!finite.empty()) {
    const MeanInterval mean = BootstrapMean(finite);
    row.value = mean.mean;
    if (finite.size() > 1) {
      row.low = mean.low;
      row.high = mean.high;
      row.standard_error = moments.stddev() / std::sqrt(static_cast<double>(finite.size()));
      row.interval = "bootstrap over samples";
    }
  }
  if (undefined > 0) row.note = fmt::format("undefined for {} of {}", undefined, values.size());
  if (finite.empty() && row.identical > 0) row.note = "all pictures are identical";
  return row;
}

}  // namespace skipbench
