#include "harness/analysis/decide/fewer_steps.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "harness/analysis/decide/at_cost.h"
#include "harness/base/error.h"

namespace skipbench {
namespace {

// Is a setting better than fewer_steps at its cost by more than the margin? One of the two answers is right, so that
// each may err with alpha / K (Bonferroni over the K settings that are asked about).
class FewerSteps : public Question {
 public:
  FewerSteps(const RunHeader& header, const DecideOptions& options)
      : header_(header), options_(options), metric_(DecidedMetric(header, options.metric)) {
    for (size_t k = 0; k < header.settings.size(); ++k) {
      Group& group = groups_[ReferenceOf(header.settings, k)];
      if (header.settings[k].reference) continue;
      (header.settings[k].type == "fewer_steps" ? group.baselines : group.settings).push_back(k);
    }
    for (const auto& [reference, group] : groups_)
      if (group.baselines.size() >= 2) count_ += group.settings.size();
    if (count_ == 0)
      Fail(
          "decide.question: \"fewer_steps\" needs two fewer_steps settings or more to interpolate between, and another "
          "setting to hold against them, with one scheduler, number of steps and guidance");
  }

  std::vector<std::string> Columns() const override { return {options_.metric, options_.cost}; }

  void Ask(const Look& look, std::vector<SettingDecision>* decisions) const override {
    const SettingValues metric = Oriented(look.Values(options_.metric), metric_);
    const SettingValues& cost = look.Values(options_.cost);
    for (const auto& [reference, group] : groups_) {
      if (reference >= 0) (*decisions)[reference] = {.answer = Answer::kNotAsked, .words = "the full run"};
      for (const size_t k : group.baselines)
        (*decisions)[k] = {.answer = Answer::kNotAsked, .words = "what the others are held against"};
      const std::vector<size_t> sorted = ByCost(group.baselines, cost);
      for (const size_t k : group.settings)
        if (SettingDecision& decision = (*decisions)[k]; decision.answer == Answer::kOpen)
          AskOne(k, sorted, look, metric, cost, &decision);
    }
  }

  std::vector<bool> Needs(const Look& look, const std::vector<SettingDecision>& decisions) const override {
    std::vector<bool> needs(header_.settings.size());
    const SettingValues& cost = look.Values(options_.cost);
    for (const auto& [reference, group] : groups_) {
      const std::vector<size_t> sorted = ByCost(group.baselines, cost);
      for (const size_t k : group.settings) {
        if (decisions[k].answer != Answer::kOpen) continue;
        needs[k] = true;
        if (reference >= 0) needs[static_cast<size_t>(reference)] = true;
        for (const size_t neighbour : NeighboursOf(k, sorted, cost)) needs[neighbour] = true;
      }
    }
    return needs;
  }

 private:
  struct Group {
    std::vector<size_t> settings, baselines;
  };

  double alpha() const { return options_.alpha() / static_cast<double>(count_); }

  // The neighbours in cost; more of them where the mean cost is not yet certain to lie between two.
  std::vector<size_t> NeighboursOf(size_t k, const std::vector<size_t>& sorted, const SettingValues& cost) const {
    const MeanInterval own = MomentsOf(cost[k]).Bounds(alpha());
    std::vector<size_t> neighbours;
    for (size_t i = 0; i + 1 < sorted.size(); ++i) {
      const double left = MomentsOf(cost[sorted[i]]).mean, right = MomentsOf(cost[sorted[i + 1]]).mean;
      if (own.high < left || own.low > right) continue;
      neighbours.insert(neighbours.end(), {sorted[i], sorted[i + 1]});
    }
    return neighbours;
  }

  void AskOne(size_t k, const std::vector<size_t>& sorted, const Look& look, const SettingValues& metric,
              const SettingValues& cost, SettingDecision* decision) const {
    decision->metric = options_.metric;
    const auto at = AgainstFewerSteps(k, sorted, metric, cost);
    if (!at) return NotAtCost(k, sorted, look, cost, decision);
    const Moments difference = MomentsOf(at->values);
    const double margin = *options_.margin;
    const MeanInterval bounds = difference.Bounds(alpha());
    const std::string more = margin > 0 ? fmt::format(" by more than {:.4g}", margin) : "";
    if (bounds.low > margin || bounds.high < margin || (difference.deviation == 0 && difference.mean <= margin)) {
      const bool beats = bounds.low > margin;
      *decision = {.answer = beats ? Answer::kYes : Answer::kNo,
                   .samples = look.samples,
                   .metric = options_.metric,
                   .difference = bounds,
                   .words = fmt::format("{} fewer steps at its cost{} after {} samples",
                                        beats ? "beats" : "does not beat", more, look.samples)};
    } else if (look.samples >= look.last || GivesUp(look, options_,
                                                    difference.ChanceAbove(margin, look.last, alpha()) +
                                                        difference.ChanceBelow(margin, look.last, alpha()))) {
      *decision = {.answer = Answer::kUndecided,
                   .samples = look.samples,
                   .metric = options_.metric,
                   .difference = bounds,
                   .words = UndecidedWords(look, options_.give_up)};
    }
  }

  // Dearer than the most, or cheaper than the fewest steps that were run; certain when the bounds of its cost say so.
  void NotAtCost(size_t k, const std::vector<size_t>& sorted, const Look& look, const SettingValues& cost,
                 SettingDecision* decision) const {
    const Moments own = MomentsOf(cost[k]);
    if (sorted.size() < 2) {
      *decision = {.answer = Answer::kNotAsked, .words = "no fewer_steps with this full run to interpolate between"};
      return;
    }
    const MeanInterval bounds = own.Bounds(alpha());
    const double least = MomentsOf(cost[sorted.front()]).mean, most = MomentsOf(cost[sorted.back()]).mean;
    const bool outside = own.count >= 2 && (bounds.low > most || bounds.high < least);
    if (outside)
      *decision = {.answer = Answer::kNotAsked,
                   .samples = look.samples,
                   .words = fmt::format("no fewer steps at its cost: {:.4g} {}, they were run from {:.4g} to {:.4g}",
                                        own.mean, options_.cost, least, most)};
    else if (look.samples >= look.last)
      *decision = {.answer = Answer::kUndecided, .samples = look.samples, .words = UndecidedWords(look, 0)};
  }

  const RunHeader header_;
  const DecideOptions options_;
  const MetricInfo metric_;
  std::map<int, Group> groups_;  // by the full run
  size_t count_ = 0;             // settings that are asked about
};

}  // namespace

std::unique_ptr<Question> FewerStepsQuestion(const RunHeader& header, const DecideOptions& options) {
  return std::make_unique<FewerSteps>(header, options);
}

}  // namespace skipbench
