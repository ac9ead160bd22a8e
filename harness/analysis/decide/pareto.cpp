#include "harness/analysis/decide/pareto.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace skipbench {
namespace {

// Settings of one full run are compared with each other. A setting is out when another one costs no more and is better
// by more than the margin; it is on the front when none is.
//
// All errors together: a setting that is on the front can be called out by G - 1 comparisons, each of which errs with
// alpha / (K (G - 1)); one that is out can only be called on the front if the comparison with a setting that dominates
// it errs, in metric or in cost, alpha / (2 K) each (Bonferroni over the K settings, G of them with one full run).
class Pareto : public Question {
 public:
  Pareto(const RunHeader& header, const DecideOptions& options)
      : header_(header), options_(options), metric_(DecidedMetric(header, options.metric)) {
    std::map<int, std::vector<size_t>> groups;
    for (size_t k = 0; k < header.settings.size(); ++k)
      if (!header.settings[k].reference) groups[ReferenceOf(header.settings, k)].push_back(k);
    for (auto& [reference, settings] : groups) {
      count_ += settings.size();
      groups_.push_back({reference, std::move(settings)});
    }
  }

  std::vector<std::string> Columns() const override { return {options_.metric, options_.cost}; }

  void Ask(const Look& look, std::vector<SettingDecision>* decisions) const override {
    for (const auto& setting : header_.settings)
      if (SettingDecision& full = (*decisions)[&setting - header_.settings.data()]; setting.reference)
        full = {.answer = Answer::kNotAsked, .words = "the full run"};
    const SettingValues metric = Oriented(look.Values(options_.metric), metric_);
    for (const auto& group : groups_) {
      const Comparer comparer(*this, group, look, metric, look.Values(options_.cost));
      for (const size_t k : group.settings)
        if ((*decisions)[k].answer == Answer::kOpen) comparer.FindRival(k, decisions);
      for (const size_t k : group.settings)
        if ((*decisions)[k].answer == Answer::kOpen) comparer.SeeWhetherOnFront(k, decisions);
    }
  }

  std::vector<bool> Needs(const Look& look, const std::vector<SettingDecision>& decisions) const override {
    std::vector<bool> needs(header_.settings.size());
    const SettingValues metric = Oriented(look.Values(options_.metric), metric_);
    for (const auto& group : groups_) {
      const Comparer comparer(*this, group, look, metric, look.Values(options_.cost));
      for (const size_t k : group.settings) {
        if (decisions[k].answer != Answer::kOpen) continue;
        needs[k] = true;
        if (group.reference >= 0) needs[static_cast<size_t>(group.reference)] = true;
        for (const size_t rival : group.settings)
          if (comparer.MayDominate(rival, k, decisions)) needs[rival] = true;
      }
    }
    return needs;
  }

 private:
  struct Group {
    int reference;
    std::vector<size_t> settings;
  };

  // How a rival differs from a setting: in the metric (positive: it is better) and in cost (positive: it is dearer).
  struct Pair {
    Moments better, dearer;
  };

  class Comparer {
   public:
    Comparer(const Pareto& question, const Group& group, const Look& look, const SettingValues& metric,
             const SettingValues& cost)
        : question_(question),
          group_(group),
          look_(look),
          metric_(metric),
          cost_(cost),
          margin_(*question.options_.margin),
          alpha_in_(question.options_.alpha() / (2.0 * static_cast<double>(question.count_))),
          alpha_out_(question.options_.alpha() / static_cast<double>(question.count_) /
                     std::max(1.0, static_cast<double>(group.settings.size()) - 1)) {}

    bool MayDominate(size_t rival, size_t k, const std::vector<SettingDecision>& decisions) const {
      return rival != k && decisions[rival].answer != Answer::kNo && !Excluded(PairOf(rival, k));
    }

    void FindRival(size_t k, std::vector<SettingDecision>* decisions) const {
      const Pair* best = nullptr;
      for (const size_t rival : group_.settings) {
        if (rival == k || (*decisions)[rival].answer == Answer::kNo) continue;
        const Pair& pair = PairOf(rival, k);
        if (!Enough(pair)) continue;
        const MeanInterval better = pair.better.Bounds(alpha_out_);
        if (!(better.low > margin_ && pair.dearer.Bounds(alpha_out_).high <= 0)) continue;
        if (best && best->better.mean >= pair.better.mean) continue;
        best = &pair;
        (*decisions)[k] = {.answer = Answer::kNo,
                           .samples = look_.samples,
                           .rival = static_cast<int>(rival),
                           .metric = question_.options_.metric,
                           .difference = {better.count, -better.mean, -better.high, -better.low},
                           .words = fmt::format("dominated by {} after {} samples",
                                                question_.header_.settings[rival].label, look_.samples)};
      }
    }

    void SeeWhetherOnFront(size_t k, std::vector<SettingDecision>* decisions) const {
      bool on_front = true;
      double chance_out = 0, chance_in = 1;
      const Pair* nearest = nullptr;  // the rival that comes nearest to dominating it
      for (const size_t rival : group_.settings) {
        if (rival == k || (*decisions)[rival].answer == Answer::kNo) continue;
        const Pair& pair = PairOf(rival, k);
        if (pair.dearer.mean <= 0 && (!nearest || pair.better.mean > nearest->better.mean)) nearest = &pair;
        chance_out = std::max(chance_out,
                              std::min(pair.better.ChanceAbove(margin_, look_.last, alpha_out_), ChanceNoDearer(pair)));
        if (Excluded(pair)) continue;
        on_front = false;
        chance_in = std::min(chance_in, std::max(pair.better.ChanceBelow(margin_, look_.last, alpha_in_),
                                                 pair.dearer.ChanceAbove(0, look_.last, alpha_in_)));
      }
      SettingDecision& decision = (*decisions)[k];
      const auto difference = [&] {
        if (!nearest) return MeanInterval{0, std::nan(""), std::nan(""), std::nan("")};
        const MeanInterval bounds = nearest->better.Bounds(alpha_in_);
        return MeanInterval{bounds.count, -bounds.mean, -bounds.high, -bounds.low};
      };
      if (on_front) {
        decision = {.answer = Answer::kYes,
                    .samples = look_.samples,
                    .metric = question_.options_.metric,
                    .difference = difference(),
                    .words = fmt::format("on the front after {} samples", look_.samples)};
      } else if (look_.samples >= look_.last || GivesUp(look_, question_.options_, std::max(chance_out, chance_in))) {
        decision = {.answer = Answer::kUndecided,
                    .samples = look_.samples,
                    .metric = question_.options_.metric,
                    .difference = difference(),
                    .words = UndecidedWords(look_, question_.options_.give_up)};
      }
    }

   private:
    // A pair without values says nothing.
    static bool Enough(const Pair& pair) { return pair.better.count >= 2 && pair.dearer.count >= 2; }

    // The rival certainly does not dominate.
    bool Excluded(const Pair& pair) const {
      return Enough(pair) &&
             (pair.better.Bounds(alpha_in_).high < margin_ || NotBetter(pair) || pair.dearer.Bounds(alpha_in_).low > 0);
    }
    // Equal in every sample: nothing is better.
    bool NotBetter(const Pair& pair) const { return pair.better.deviation == 0 && pair.better.mean <= margin_; }

    double ChanceNoDearer(const Pair& pair) const {
      if (pair.dearer.deviation == 0) return pair.dearer.mean <= 0 ? 1 : 0;
      return pair.dearer.ChanceBelow(0, look_.last, alpha_out_);
    }

    const Pair& PairOf(size_t rival, size_t k) const {
      const auto [found, fresh] = pairs_.try_emplace({rival, k});
      if (fresh)
        found->second = {MomentsOfDifference(metric_[rival], metric_[k]), MomentsOfDifference(cost_[rival], cost_[k])};
      return found->second;
    }

    const Pareto& question_;
    const Group& group_;
    const Look& look_;
    const SettingValues& metric_;
    const SettingValues& cost_;
    double margin_, alpha_in_, alpha_out_;
    mutable std::map<std::pair<size_t, size_t>, Pair> pairs_;
  };

  const RunHeader header_;
  const DecideOptions options_;
  const MetricInfo metric_;
  std::vector<Group> groups_;
  size_t count_ = 0;
};

}  // namespace

std::unique_ptr<Question> ParetoQuestion(const RunHeader& header, const DecideOptions& options) {
  return std::make_unique<Pareto>(header, options);
}

}  // namespace skipbench
