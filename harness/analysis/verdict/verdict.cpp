#include "harness/analysis/verdict/verdict.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/analysis/decide/at_cost.h"
#include "harness/analysis/decide/question.h"
#include "harness/analysis/recorded_actions.h"
#include "harness/analysis/settings.h"
#include "harness/analysis/verdict/pareto_set.h"
#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/stats/confidence_sequence.h"
#include "harness/stats/student.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSameCost = 1e-9;  // relative: sums in another order

// Of a setting's samples those that it has a value of, at least: half as many as the setting with the most. Settings
// that failed nearly everywhere, or that a run dropped early, would leave nothing to compare the others on.
constexpr int64_t kLeastShare = 2;

int64_t CountFinite(std::span<const double> values) {
  return std::ranges::count_if(values, [](double value) { return std::isfinite(value); });
}

// What a group is made of, before anything is computed: the numbers of comparisons must not depend on the data.
struct Members {
  int reference = -1;
  std::vector<size_t> settings, baselines;  // all but the full run; of these, fewer_steps

  int64_t comparisons() const { return baselines.empty() ? 0 : std::ssize(settings) - std::ssize(baselines); }
  int64_t pairs() const { return std::ssize(settings) * (std::ssize(settings) - 1) / 2; }
};

std::vector<Members> MembersOf(const RunHeader& header) {
  std::vector<Members> groups;
  for (size_t k = 0; k < header.settings.size(); ++k) {
    const int reference = ReferenceOf(header.settings, k);
    auto found = std::ranges::find(groups, reference, &Members::reference);
    if (found == groups.end()) found = groups.insert(groups.end(), {reference, {}, {}});
    if (header.settings[k].reference) continue;
    found->settings.push_back(k);
    if (header.settings[k].type == "fewer_steps") found->baselines.push_back(k);
  }
  return groups;
}

// The share of error that each bound may have.
struct Alphas {
  double against = 0;  // of the comparisons with fewer steps, for either end
  double pair = 0;     // of "i is better than j", and of "i costs no more than j"
};

// The level's error goes half to the comparisons with fewer steps, half to those between settings (all of it where the
// other kind is missing), and there in equal parts to each (Bonferroni).
Alphas AlphasOf(int64_t comparisons, int64_t pairs, double level) {
  const double error = 1 - level, half = comparisons > 0 && pairs > 0 ? error / 2 : error;
  return {half / (2.0 * static_cast<double>(std::max<int64_t>(comparisons, 1))),
          half / (2.0 * static_cast<double>(std::max<int64_t>(pairs, 1)))};
}

class GroupJudge {
 public:
  GroupJudge(const VerdictInput& input, const SettingValues& metric, const Members& members,
             const VerdictOptions& options, const Alphas& alphas)
      : input_(input), metric_(metric), members_(members), options_(options), alphas_(alphas) {}

  JudgedGroup Judge() {
    group_.reference = members_.reference;
    if (members_.settings.empty()) return Without("there is nothing beside the full run");
    if (members_.reference < 0) return Without("there is no full run (full_step) to be close to");
    for (const size_t k : members_.settings)
      group_.settings.push_back({.setting = k,
                                 .fewer_steps = input_.header.settings[k].type == "fewer_steps",
                                 .cost = RelativeCost(k),
                                 .value = kNaN});
    SetAside();
    Means();
    if (group_.samples == 0) return Without("no sample has values under all settings");
    Front();
    Leads();
    Dominated();
    for (auto& one : group_.settings)
      if (one.judged() && !one.fewer_steps) one.against = Against(one.setting);
    for (const double budget : options_.budgets) group_.budgets.push_back(Within(budget));
    return std::move(group_);
  }

 private:
  JudgedGroup Without(std::string problem) {
    group_.problem = std::move(problem);
    return std::move(group_);
  }

  // Over the samples that both have done.
  double RelativeCost(size_t k) const {
    const auto &own = input_.cost[k], &full = input_.cost[static_cast<size_t>(members_.reference)];
    double sum = 0, full_sum = 0;
    for (size_t i = 0; i < own.size(); ++i) {
      if (!std::isfinite(own[i]) || !std::isfinite(full[i])) continue;
      sum += own[i];
      full_sum += full[i];
    }
    return full_sum > 0 ? sum / full_sum : kNaN;
  }

  void SetAside() {
    int64_t most = 0;
    for (const auto& one : group_.settings) most = std::max(most, CountFinite(metric_[one.setting]));
    for (auto& one : group_.settings) {
      const int64_t count = CountFinite(metric_[one.setting]);
      if (input_.decisions && input_.decisions->options.asks("pareto") &&
          input_.decisions->decisions[one.setting].answer == Answer::kNo)
        one.set_aside = input_.decisions->decisions[one.setting].words;
      else if (count == 0)
        one.set_aside = fmt::format("no value of {}", input_.metric.name);
      else if (count * kLeastShare < most)
        one.set_aside = fmt::format("{} of {} samples only", count, most);
      else if (!std::isfinite(one.cost))
        one.set_aside = fmt::format("{} is not known", options_.cost);
    }
  }

  void Means() {
    std::vector<size_t> common;
    for (size_t i = 0; i < metric_[0].size(); ++i)
      if (std::ranges::any_of(group_.settings, &JudgedSetting::judged) &&
          std::ranges::all_of(group_.settings, [&](const JudgedSetting& one) {
            return !one.judged() || std::isfinite(metric_[one.setting][i]);
          }))
        common.push_back(i);
    group_.samples = std::ssize(common);
    for (auto& one : group_.settings) {
      if (!one.judged() || common.empty()) continue;
      double sum = 0;
      for (const size_t i : common) {
        sum += metric_[one.setting][i];
        one.identical += std::isinf(input_.values[one.setting][i]);
      }
      one.value = sign() * sum / static_cast<double>(common.size());
    }
  }

  double sign() const { return input_.metric.better == Direction::kLower ? -1 : 1; }
  double QualityOf(const JudgedSetting& one) const { return sign() * one.value; }

  void Front() {
    std::vector<double> cost, quality;
    for (const auto& one : group_.settings) {
      cost.push_back(one.judged() ? one.cost : kNaN);
      quality.push_back(one.judged() ? QualityOf(one) : kNaN);
    }
    const auto front = ParetoSet(cost, quality);
    for (size_t i = 0; i < front.size(); ++i) group_.settings[i].pareto = front[i];
  }

  MeanInterval Bounds(const Moments& moments, double alpha) const {
    return input_.decisions ? SequenceBounds(moments.count, moments.mean, moments.deviation, alpha)
                            : StudentBounds(moments.count, moments.mean, moments.deviation, alpha);
  }

  // How much better the group's setting `i` certainly is than its setting `j`; negative: it is not certain.
  void Leads() {
    const size_t count = group_.settings.size();
    leads_.assign(count, std::vector<double>(count, -std::numeric_limits<double>::infinity()));
    for (size_t i = 0; i < count; ++i)
      for (size_t j = i + 1; j < count; ++j) {
        const JudgedSetting &a = group_.settings[i], &b = group_.settings[j];
        if (!a.judged() || !b.judged()) continue;
        const MeanInterval bounds = Bounds(MomentsOfDifference(metric_[a.setting], metric_[b.setting]), alphas_.pair);
        leads_[i][j] = bounds.low;
        leads_[j][i] = -bounds.high;
      }
  }
  bool CertainlyNoDearer(size_t a, size_t b) const {
    const Moments dearer = MomentsOfDifference(input_.cost[a], input_.cost[b]);
    const double same = kSameCost * std::abs(MomentsOf(input_.cost[b]).mean);
    return dearer.count > 0 &&
           (dearer.deviation <= same ? dearer.mean <= same : Bounds(dearer, alphas_.pair).high <= 0);
  }

  void Dominated() {
    for (size_t i = 0; i < group_.settings.size(); ++i) {
      JudgedSetting& one = group_.settings[i];
      double most = 0;
      for (size_t j = 0; j < group_.settings.size(); ++j) {
        if (leads_[j][i] <= most || !CertainlyNoDearer(group_.settings[j].setting, one.setting)) continue;
        most = leads_[j][i];
        one.dominated_by = j;
      }
    }
  }

  AgainstFewer Against(size_t k) const {
    const std::vector<size_t> sorted = ByCost(members_.baselines, input_.cost);
    if (const auto at = AgainstFewerSteps(k, sorted, metric_, input_.cost))
      return {AgainstFewer::Kind::kInterpolated, at->left, at->right, Bounds(MomentsOf(at->values), alphas_.against)};
    const double own = MomentsOf(input_.cost[k]).mean;
    for (const size_t other : sorted) {
      const double cost = MomentsOf(input_.cost[other]).mean;
      const bool same = std::abs(cost - own) <= kSameCost * own;
      if (!same && (other != sorted.front() || cost < own)) continue;
      const Moments difference = MomentsOfDifference(metric_[k], metric_[other]);
      if (difference.count == 0) break;
      return {same ? AgainstFewer::Kind::kOne : AgainstFewer::Kind::kDearer, other, other,
              Bounds(difference, alphas_.against)};
    }
    return {};
  }

  JudgedBudget Within(double budget) const {
    JudgedBudget judged{.budget = budget};
    std::vector<size_t> within;
    for (size_t i = 0; i < group_.settings.size(); ++i) {
      const JudgedSetting& one = group_.settings[i];
      if (!one.judged() || one.cost > budget * (1 + kSameCost)) continue;
      within.push_back(i);
      const auto closer = [&](const std::optional<size_t>& than) {
        if (!than) return true;
        const JudgedSetting& other = group_.settings[*than];
        return QualityOf(one) > QualityOf(other) || (QualityOf(one) == QualityOf(other) && one.cost < other.cost);
      };
      if (closer(judged.best)) judged.best = i;
      if (!one.fewer_steps && closer(judged.method)) judged.method = i;
    }
    judged.within = std::ssize(within);
    for (const size_t i : within)
      if (i != judged.best && std::ranges::none_of(within, [&](size_t j) { return leads_[j][i] > 0; }))
        judged.not_told_apart.push_back(i);
    return judged;
  }

  const VerdictInput& input_;
  const SettingValues& metric_;  // oriented
  const Members& members_;
  const VerdictOptions& options_;
  const Alphas alphas_;
  JudgedGroup group_;
  std::vector<std::vector<double>> leads_;  // [i][j]
};

bool HasValues(const ResultReader& result, const std::string& metric) {
  const auto samples = SamplesOf(result, {metric});
  return std::ranges::any_of(samples.columns.at(metric), [](const auto& values) {
    return std::ranges::any_of(values, [](double value) { return !std::isnan(value); });
  });
}

// Of those with values psnr, else the first whose better side is known; nothing where there is none.
std::optional<MetricInfo> UsualMetric(const ResultReader& result, const std::vector<MetricInfo>& metrics) {
  std::optional<MetricInfo> usual;
  for (const auto& metric : metrics)
    if (metric.better != Direction::kUnknown && (!usual || metric.name == "psnr") && HasValues(result, metric.name))
      usual = metric;
  return usual;
}

MetricInfo NamedMetric(const std::vector<MetricInfo>& metrics, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& metric : metrics) {
    if (metric.better != Direction::kUnknown) known.push_back(metric.name);
    if (metric.name != name) continue;
    if (metric.better == Direction::kUnknown) Fail("verdict: {}: it is not known whether more of it is better", name);
    return metric;
  }
  Fail("verdict: \"{}\" is not measured for single samples; the result has: {}{}", name,
       known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")), DidYouMean(name, known));
}

void Check(const VerdictOptions& options) {
  const std::vector<std::string> costs = {"macs_matmuls", "macs_modules", "nfe"};
  if (std::ranges::find(costs, options.cost) == costs.end())
    Fail("verdict: cost: expected {}, found \"{}\"{}", fmt::join(costs, ", "), options.cost,
         DidYouMean(options.cost, costs));
  if (!(options.level >= 0.5 && options.level < 1))
    Fail("verdict: level: expected 0.5 or more, below 1, found {}", options.level);
  if (options.budgets.empty()) Fail("verdict: budget: expected one or more, found none");
  for (const double budget : options.budgets)
    if (!(budget > 0 && budget <= 1)) Fail("verdict: budget: expected more than 0, 1 at most, found {}", budget);
}

}  // namespace

bool JudgedGroup::any_fewer_steps() const { return std::ranges::any_of(settings, &JudgedSetting::fewer_steps); }

const JudgedSetting* RunVerdict::Find(size_t setting) const {
  for (const auto& group : groups)
    for (const auto& one : group.settings)
      if (one.setting == setting) return &one;
  return nullptr;
}

RunVerdict MakeVerdict(const VerdictInput& input, const VerdictOptions& options) {
  Check(options);
  RunVerdict verdict;
  verdict.metric = input.metric;
  verdict.cost = options.cost;
  verdict.level = options.level;
  verdict.stopped = input.decisions != nullptr;
  const std::vector<Members> groups = MembersOf(input.header);
  for (const auto& group : groups) {
    verdict.comparisons += group.comparisons();
    verdict.pairs += group.pairs();
  }
  const Alphas alphas = AlphasOf(verdict.comparisons, verdict.pairs, options.level);
  const SettingValues metric = Oriented(input.values, input.metric);
  for (const auto& group : groups) verdict.groups.push_back(GroupJudge(input, metric, group, options, alphas).Judge());
  return verdict;
}

RunVerdict MakeVerdict(const ResultReader& result, const VerdictOptions& options) {
  return MakeVerdict(result, DecisionsOf(result), options);
}

RunVerdict MakeVerdict(const ResultReader& result, const std::optional<RunDecisions>& decisions,
                       const VerdictOptions& given) {
  VerdictOptions options = given;
  const bool follows = decisions && !decisions->options.asks("regression");
  if (options.cost.empty()) options.cost = follows ? decisions->options.cost : "macs_matmuls";
  if (options.metric.empty() && follows) options.metric = decisions->options.metric;
  Check(options);
  const auto without = [&](const std::string& problem) {
    RunVerdict verdict;
    verdict.cost = options.cost;
    verdict.level = options.level;
    verdict.problem = problem;
    return verdict;
  };
  const auto metrics = MetricsOf(result);
  const auto metric =
      options.metric.empty() ? UsualMetric(result, metrics) : std::optional(NamedMetric(metrics, options.metric));
  if (result.samples().empty()) return without("no sample is in the results yet");
  if (!metric)
    return without(
        "no metric of single samples with a better side has values (\"metrics\": [\"psnr\"]); distances of whole sets "
        "are "
        "in the table");
  auto samples = SamplesOf(result, {metric->name, options.cost});
  RunVerdict verdict = MakeVerdict({.header = result.header(),
                                    .metric = *metric,
                                    .values = std::move(samples.columns[metric->name]),
                                    .cost = std::move(samples.columns[options.cost]),
                                    .decisions = decisions ? &*decisions : nullptr},
                                   options);
  verdict.samples = std::ssize(result.samples());
  if (options.cost == "nfe")
    for (size_t k = 0; k < result.header().settings.size(); ++k)
      verdict.shallow |= result.FindColumn(k, "shallow_nfe") &&
                         std::ranges::any_of(EvaluationsOf(result, k, kActionShallow), [](double n) { return n > 0; });
  const bool answered = decisions && decisions->finished;
  if (!result.complete() && !answered) verdict.planned = result.header().sample_count;
  return verdict;
}

}  // namespace skipbench
