#include "harness/analysis/settings.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "harness/analysis/short_labels.h"
#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"

namespace skipbench {

size_t FindSetting(const ResultReader& result, const std::string& label, const std::string& where) {
  std::vector<std::string> known;
  const auto& settings = result.header().settings;
  for (size_t k = 0; k < settings.size(); ++k) {
    if (settings[k].label == label) return k;
    known.push_back(settings[k].label);
  }
  const auto shortened = WithShortLabel(result.header(), label);
  if (shortened.size() == 1) return shortened[0];
  if (shortened.size() > 1)
    Fail("{} {}: {} settings are called so in short; expected one of\n  {}", where, label, shortened.size(),
         fmt::join(known, "\n  "));
  Fail("{} {}: the results have no such setting; they have\n  {}{}", where, label, fmt::join(known, "\n  "),
       DidYouMean(label, known));
}

std::vector<MetricInfo> MetricsOf(const ResultReader& result) {
  std::vector<MetricInfo> metrics;
  for (size_t k = 0; k < result.header().settings.size(); ++k)
    for (const auto& metric : result.Metrics(k))
      if (std::none_of(metrics.begin(), metrics.end(), [&](const auto& m) { return m.name == metric.name; }))
        metrics.push_back(metric);
  std::sort(metrics.begin(), metrics.end(),
            [](const auto& a, const auto& b) { return std::tie(a.order, a.name) < std::tie(b.order, b.name); });
  return metrics;
}

std::vector<bool> DoneSamples(const ResultReader& result, size_t setting) {
  std::vector<bool> done(result.samples().size(), false);
  if (!result.FindColumn(setting, "status")) return done;
  const auto status = result.Read<uint8_t>(setting, "status").values;
  for (size_t i = 0; i < done.size(); ++i) done[i] = static_cast<Status>(status[i]) == Status::kDone;
  return done;
}

std::vector<std::vector<bool>> DoneSamples(const ResultReader& result) {
  std::vector<std::vector<bool>> done;
  for (size_t k = 0; k < result.header().settings.size(); ++k) done.push_back(DoneSamples(result, k));
  return done;
}

}  // namespace skipbench
