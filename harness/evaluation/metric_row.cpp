#include "harness/evaluation/metric_row.h"

#include <cmath>
#include <vector>

#include "harness/base/cells.h"
#include "harness/base/error.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/moments.h"

namespace skipbench {
namespace {

std::optional<double> NumberOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? std::nullopt : std::optional(found->get<double>());
}

}  // namespace

Json RowJson(const MetricRow& row) {
  return {{"metric", row.metric},
          {"unit", row.unit},
          {"value", JsonNumber(row.value)},
          {"low", JsonNumber(row.low)},
          {"high", JsonNumber(row.high)},
          {"standard_error", JsonNumber(row.standard_error)},
          {"count", row.count},
          {"identical", row.identical},
          {"available", row.available},
          {"interval", row.interval},
          {"note", row.note}};
}

MetricRow RowFromJson(const Json& json) {
  return {.metric = json.at("metric").get<std::string>(),
          .unit = json.at("unit").get<std::string>(),
          .value = NumberOf(json, "value"),
          .low = NumberOf(json, "low"),
          .high = NumberOf(json, "high"),
          .standard_error = NumberOf(json, "standard_error"),
          .count = json.at("count").get<int64_t>(),
          .identical = json.value("identical", int64_t{0}),  // results of before it was stored
          .available = json.at("available").get<bool>(),
          .interval = json.at("interval").get<std::string>(),
          .note = json.at("note").get<std::string>()};
}

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
