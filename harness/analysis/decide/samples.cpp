#include "harness/analysis/decide/samples.h"

#include <limits>

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> ColumnOf(const SettingWave& wave, const std::string& name) {
  if (name == "macs_matmuls") return wave.macs_matmuls;
  if (name == "macs_modules") return wave.macs_modules;
  if (name == "nfe") return {wave.nfe.begin(), wave.nfe.end()};
  const auto metric = wave.metrics.find(name);
  return metric == wave.metrics.end() ? std::vector<double>{} : metric->second;
}

// What was not done has no value, whatever stands in its place.
std::vector<double> OfDone(std::vector<double> values, const std::vector<Status>& status) {
  values.resize(status.size(), kNaN);
  for (size_t i = 0; i < status.size(); ++i)
    if (status[i] != Status::kDone) values[i] = kNaN;
  return values;
}

}  // namespace

DecidingSamples SamplesOf(const Wave& wave, const std::vector<std::string>& names) {
  DecidingSamples samples;
  for (const auto& sample : wave.samples) samples.ordinals.push_back(sample.ordinal);
  for (const auto& name : names)
    for (const auto& setting : wave.settings)
      samples.columns[name].push_back(OfDone(ColumnOf(setting, name), setting.status));
  return samples;
}

DecidingSamples SamplesOf(const ResultReader& result, const std::vector<std::string>& names) {
  DecidingSamples samples;
  for (const auto& sample : result.samples()) samples.ordinals.push_back(sample.ordinal);
  const size_t settings = result.header().settings.size();
  for (size_t k = 0; k < settings; ++k) {
    std::vector<Status> status;
    if (result.FindColumn(k, "status"))
      for (const double code : result.Read<double>(k, "status").values) status.push_back(static_cast<Status>(code));
    for (const auto& name : names)
      samples.columns[name].push_back(
          OfDone(result.FindColumn(k, name) ? result.Read<double>(k, name).values : std::vector<double>{}, status));
  }
  return samples;
}

}  // namespace skipbench
