#include "harness/measures/measured_value.h"

#include <cmath>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/format.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/confidence_sequence.h"
#include "harness/stats/moments.h"

namespace skipbench {
namespace {

std::optional<double> NumberOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? std::nullopt : std::optional(found->get<double>());
}

}  // namespace

std::string MeasuredValue::Name() const {
  return against.empty() ? metric.name : fmt::format("{} ({})", metric.name, against);
}

Json ToJson(const MeasuredValue& value) {
  return {{"metric", value.metric.name},
          {"unit", value.metric.unit},
          {"value", JsonNumber(value.value)},
          {"low", JsonNumber(value.low)},
          {"high", JsonNumber(value.high)},
          {"standard_error", JsonNumber(value.standard_error)},
          {"count", value.count},
          {"identical", value.identical},
          {"available", value.available},
          {"interval", value.interval},
          {"note", value.note}};
}

MeasuredValue MeasuredValueFromJson(const Json& json) {
  return {.metric = {.name = json.at("metric").get<std::string>(), .unit = json.at("unit").get<std::string>()},
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

void AddNote(const std::string& note, MeasuredValue* value) {
  if (note.empty()) return;
  if (!value->note.empty()) value->note += "; ";
  value->note += note;
}

MeasuredValue MeanOf(std::span<const double> values, const MetricInfo& metric, Sampling sampling) {
  MeasuredValue row{.metric = metric};
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
  row.count = std::ssize(finite);
  if (!finite.empty()) {
    const bool stopped = sampling == Sampling::kStopped;
    const MeanInterval mean = stopped ? SequenceBounds(finite, 0.025) : BootstrapMean(finite);
    row.value = mean.mean;
    if (finite.size() > 1) row.standard_error = moments.stddev() / std::sqrt(static_cast<double>(finite.size()));
    if (std::isfinite(mean.low) && std::isfinite(mean.high)) {
      row.low = mean.low;
      row.high = mean.high;
      row.interval = stopped ? kSequenceInterval : "bootstrap over samples";
    }
  }
  if (undefined > 0) row.note = fmt::format("undefined for {} of {}", undefined, values.size());
  if (finite.empty() && row.identical > 0) row.note = "all pictures are identical";
  return row;
}

}  // namespace skipbench
