#include "harness/evaluation/report_values.h"

#include "harness/base/error.h"

namespace skipbench {
namespace {

std::vector<MeasuredValue> OfSamples(const SampleTable& samples, const MetricRequest& request) {
  std::vector<MeasuredValue> values;
  for (const auto& column : samples.columns) {
    if (column.metric != request.name) continue;
    MetricInfo info = column.info;
    if (request.sample->columns.size() == 1) info.name = request.name;
    values.push_back(MeanOf(column.values, info));
  }
  return values;
}

const FeatureSet& Features(const FeatureSets& sets, const SetMetric& metric) {
  const auto found = sets.find(metric.network);
  if (found == sets.end()) Fail("{}: a second set was expected: pictures or a statistics file", metric.name);
  return found->second;
}

std::vector<MeasuredValue> OfSets(const Measurement& measured, const SetMetric& metric, const SetOptions& options) {
  if (metric.of_errors) return metric.of_errors(metric, measured.samples.errors, measured.samples.clips ? 1 : 16);
  const FeatureSetPair sets{Features(measured.pictures, metric), Features(measured.reference, metric),
                            measured.paired.contains(metric.network)};
  return MeasureSets(metric, sets, options);
}

std::vector<MeasuredValue> ValuesOf(const Measurement& measured, const MetricRequest& request,
                                    const MetricNetworks& networks, const SetOptions& options) {
  const MeasuredValue none{.metric = {.name = request.name}, .available = false};
  if (!networks.Available(request)) {
    MeasuredValue missing = none;
    missing.note = "not available: " + networks.missing.at(request.name);
    return {missing};
  }
  if (const auto why = measured.unmet.find(request.name); why != measured.unmet.end()) {
    MeasuredValue unmet = none;
    const std::string name = request.name + ": ";
    unmet.note = why->second.starts_with(name) ? why->second.substr(name.size()) : why->second;
    return {unmet};
  }
  return request.sample ? OfSamples(measured.samples, request) : OfSets(measured, *request.set, options);
}

}  // namespace

std::vector<MeasuredValue> ReportValues(const Measurement& measured, const std::vector<MetricRequest>& requests,
                                        const MetricNetworks& networks, const SetOptions& options,
                                        const std::string& subject) {
  std::vector<MeasuredValue> all;
  for (const auto& request : requests)
    for (auto& value : ValuesOf(measured, request, networks, options)) {
      value.subject = subject;
      if (value.available) AddNote(LeftOutText(measured.left_out), &value);
      all.push_back(std::move(value));
    }
  return all;
}

}  // namespace skipbench
