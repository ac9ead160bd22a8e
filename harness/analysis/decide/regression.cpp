#include "harness/analysis/decide/regression.h"

#include <algorithm>
#include <cmath>

#include "harness/analysis/compare.h"

namespace skipbench {
namespace {

// Is a setting worse than in the baseline, by more than `compare` allows? Of two answers one is right, so that each may
// err with alpha / K (Bonferroni over K settings and metrics). One regression answers for the run.
class Regression : public Question {
 public:
  Regression(const RunHeader& header, const DecideOptions& options, const std::vector<std::string>& metrics)
      : header_(header), options_(options) {
    for (const auto& metric : metrics) metrics_.push_back(DecidedMetric(header, metric));
    if (metrics_.empty()) Fail("decide: the run measures no metric of single samples that the baseline has");
  }

  std::vector<std::string> Columns() const override {
    std::vector<std::string> names;
    for (const auto& metric : metrics_) names.insert(names.end(), {metric.name, kBaselinePrefix + metric.name});
    return names;
  }

  void Ask(const Look& look, std::vector<SettingDecision>* decisions) const override {
    for (size_t k = 0; k < header_.settings.size(); ++k)
      if (SettingDecision& decision = (*decisions)[k]; decision.answer == Answer::kOpen) AskOne(look, k, &decision);
  }

  std::vector<bool> Needs(const Look&, const std::vector<SettingDecision>& decisions) const override {
    std::vector<bool> needs(header_.settings.size());
    for (const auto& decision : decisions)
      if (decision.answer == Answer::kYes) return needs;
    for (size_t k = 0; k < needs.size(); ++k) {
      if (decisions[k].answer != Answer::kOpen) continue;
      needs[k] = true;
      if (const int reference = ReferenceOf(header_.settings, k); reference >= 0)
        needs[static_cast<size_t>(reference)] = true;
    }
    return needs;
  }

 private:
  static bool Any(const std::vector<double>& values) {
    return std::ranges::any_of(values, [](double value) { return !std::isnan(value); });
  }

  void AskOne(const Look& look, size_t k, SettingDecision* decision) const {
    const double alpha = options_.alpha() / static_cast<double>(header_.settings.size() * metrics_.size());
    bool any = false, excluded = true;
    double chance = 1;
    for (const auto& metric : metrics_) {
      const std::vector<double>&before = look.Values(kBaselinePrefix + metric.name)[k],
            &now = look.Values(metric.name)[k];
      if (!Any(before)) continue;
      any = true;
      if (Lost(before, now, look, decision)) return;
      const Moments better = MomentsOfDifference(Oriented(now, metric), Oriented(before, metric));
      const double limit = options_.margin.value_or(DefaultLimit(metric, MeanOf(before, metric)));
      const MeanInterval bounds = better.Bounds(alpha);
      if (bounds.high < -limit) {
        *decision = {
            .answer = Answer::kYes,
            .samples = look.samples,
            .metric = metric.name,
            .difference = bounds,
            .words = fmt::format("{} is worse by more than {:.4g} after {} samples", metric.name, limit, look.samples)};
        return;
      }
      if (bounds.low > -limit || (better.count >= 2 && better.deviation == 0)) continue;
      // The least certain metric is what is reported of a setting that stays open.
      excluded = false;
      decision->metric = metric.name;
      decision->difference = bounds;
      chance =
          std::min(chance, better.ChanceAbove(-limit, look.last, alpha) + better.ChanceBelow(-limit, look.last, alpha));
    }
    if (!any) {
      *decision = {.answer = Answer::kNotAsked, .words = "not in the baseline"};
    } else if (excluded) {
      *decision = {.answer = Answer::kNo,
                   .samples = look.samples,
                   .words = fmt::format("not worse after {} samples", look.samples)};
    } else if (look.samples >= look.last || GivesUp(look, options_, chance)) {
      decision->answer = Answer::kUndecided;
      decision->samples = look.samples;
      decision->words = UndecidedWords(look, options_.give_up);
    }
  }

  // Samples that the baseline has done and that have no value here.
  static bool Lost(const std::vector<double>& before, const std::vector<double>& now, const Look& look,
                   SettingDecision* decision) {
    int64_t lost = 0;
    for (size_t i = 0; i < before.size(); ++i) lost += !std::isnan(before[i]) && std::isnan(now[i]);
    if (lost == 0) return false;
    *decision = {.answer = Answer::kYes,
                 .samples = look.samples,
                 .words = fmt::format("{} samples that the baseline has done have no value", lost)};
    return true;
  }

  static double MeanOf(const std::vector<double>& values, const MetricInfo& metric) {
    return std::fabs(MomentsOf(Oriented(values, metric)).mean);
  }

  const RunHeader header_;
  const DecideOptions options_;
  std::vector<MetricInfo> metrics_;
};

}  // namespace

std::unique_ptr<Question> RegressionQuestion(const RunHeader& header, const DecideOptions& options,
                                             const std::vector<std::string>& metrics) {
  return std::make_unique<Regression>(header, options, metrics);
}

}  // namespace skipbench
