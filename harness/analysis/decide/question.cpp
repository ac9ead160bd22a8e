#include "harness/analysis/decide/question.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/stats/confidence_sequence.h"
#include "harness/stats/moments.h"

namespace skipbench {

const MetricInfo& DecidedMetric(const RunHeader& header, const std::string& metric) {
  std::vector<std::string> known;
  for (const auto& info : header.metrics) {
    known.push_back(info.name);
    if (info.name != metric) continue;
    if (info.better == Direction::kUnknown)
      Fail("decide.metric: {}: it is not known whether more of it is better", metric);
    return info;
  }
  Fail("decide.metric: \"{}\" is not measured for single samples; \"metrics\" has: {}{}", metric,
       known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")), DidYouMean(metric, known));
}

MeanInterval Moments::Bounds(double alpha) const { return SequenceBounds(count, mean, deviation, alpha); }

double Moments::ChanceAbove(double limit, int64_t last, double alpha) const {
  return count < 2 ? 1 : skipbench::ChanceAbove(limit, {count, mean, 0, 0}, deviation, last, alpha);
}

double Moments::ChanceBelow(double limit, int64_t last, double alpha) const {
  return count < 2 ? 1 : skipbench::ChanceAbove(-limit, {count, -mean, 0, 0}, deviation, last, alpha);
}

Moments MomentsOf(std::span<const double> values) {
  RunningMoments moments;
  for (const double value : values)
    if (std::isfinite(value)) moments.Add(value);
  return {moments.count(), moments.mean(), moments.count() > 1 ? moments.stddev() : 0};
}

Moments MomentsOfDifference(std::span<const double> a, std::span<const double> b) {
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  return MomentsOf(differences);
}

std::vector<double> Oriented(std::span<const double> values, const MetricInfo& metric) {
  const double sign = metric.better == Direction::kLower ? -1 : 1;
  std::vector<double> oriented;
  for (double value : values) {
    if (metric.ceiling) value = std::min(value, *metric.ceiling);  // NaN stays
    oriented.push_back(std::isfinite(value) ? sign * value : std::numeric_limits<double>::quiet_NaN());
  }
  return oriented;
}

SettingValues Oriented(const SettingValues& values, const MetricInfo& metric) {
  SettingValues oriented;
  for (const auto& setting : values) oriented.push_back(Oriented(setting, metric));
  return oriented;
}

bool GivesUp(const Look& look, const DecideOptions& options, double chance) {
  return look.samples >= 2 * options.burn_in && chance < options.give_up;
}

std::string UndecidedWords(const Look& look, double give_up) {
  if (look.samples >= look.last) return fmt::format("undecided at {} samples", look.samples);
  return fmt::format("undecided after {} samples: an answer by {} has less than {:.3g} % chance", look.samples,
                     look.last, 100 * give_up);
}

}  // namespace skipbench
