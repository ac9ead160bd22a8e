#include "harness/analysis/compare.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <span>

#include "harness/analysis/comparable.h"
#include "harness/analysis/compare_sets.h"
#include "harness/analysis/recorded_actions.h"
#include "harness/stats/confidence_sequence.h"
#include "harness/store/schema.h"

namespace skipbench {
namespace {

constexpr double kIdenticalDb = 100;  // what the PSNR of identical thumbnails counts as
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Pairs = std::vector<std::pair<size_t, size_t>>;

void Worsen(Verdict& verdict, Verdict to) { verdict = std::max(verdict, to); }

void Note(SettingChange& change, Verdict verdict, std::string reason) {
  Worsen(change.verdict, verdict);
  change.reasons.push_back(std::move(reason));
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// dB, at most kIdenticalDb.
double Psnr(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  double squares = 0;
  for (size_t p = 0; p < a.size(); ++p) {
    const double d = double(a[p]) - double(b[p]);
    squares += d * d;
  }
  if (squares == 0) return kIdenticalDb;
  return std::min(kIdenticalDb, 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.size()) / squares));
}

// One setting of BASE and its counterpart, on the samples that both have done.
class SettingComparer {
 public:
  // `comparisons`: of single samples, over all settings. `otherwise`: something differs that was allowed to.
  SettingComparer(const ResultReader& base, const ResultReader& now, size_t k, size_t j, const CompareOptions& options,
                  const ComparedSets& sets, int64_t comparisons, bool otherwise)
      : base_(base),
        now_(now),
        k_(k),
        j_(j),
        options_(options),
        sets_(sets),
        comparisons_(comparisons),
        otherwise_(otherwise),
        other_cost_(otherwise && (options.allowances.Allow("steps") || options.allowances.Allow("guidance") ||
                                  options.allowances.Allow("model"))) {
    change_.label = base.header().settings[k].label;
  }

  SettingChange Run(const Pairs& samples) {
    Match(samples);
    if (pairs_.empty()) {
      if (change_.reasons.empty()) Note(change_, Verdict::kNotComparable, "no sample was done in both");
      return std::move(change_);
    }
    Decisions();
    change_.nfe =
        Cost(EvaluationsOf(base_, k_, kActionPredict), EvaluationsOf(now_, j_, kActionPredict), "network evaluations");
    if (base_.FindColumn(k_, "macs_matmuls") && now_.FindColumn(j_, "macs_matmuls"))
      change_.macs = Cost(base_.Read<double>(k_, "macs_matmuls").values, now_.Read<double>(j_, "macs_matmuls").values,
                          "multiply-accumulates");
    for (const auto& metric : base_.Metrics(k_)) Quality(metric);
    for (const auto& distance : sets_.base)
      if (distance.setting == k_) Set(distance);
    Pictures();
    if (otherwise_) change_.picture_db = AgreementOf("images", true);
    if (options_.max_slowdown) Latency();
    return std::move(change_);
  }

 private:
  void Match(const Pairs& samples) {
    const auto before = base_.Read<double>(k_, "status").values, after = now_.Read<double>(j_, "status").values;
    int64_t lost = 0;
    for (const auto& pair : samples) {
      const bool was_done = before[pair.first] == 0, is_done = after[pair.second] == 0;
      if (was_done && is_done) pairs_.push_back(pair);
      lost += was_done && !is_done && after[pair.second] != static_cast<double>(Status::kNotRun);
    }
    change_.pairs = std::ssize(pairs_);
    if (lost == 0) return;
    std::string why;
    for (const auto& message : now_.Read<std::string>(j_, "message").values)
      if (why.empty()) why = message;
    Note(change_, Verdict::kRegression, fmt::format("{} samples that BASE has done failed in NEW: {}", lost, why));
  }

  void Decisions() {
    const SettingInfo &a = base_.header().settings[k_], &b = now_.header().settings[j_];
    if (a.timesteps != b.timesteps && !otherwise_) {
      if (SchedulerConfig(base_) != SchedulerConfig(now_))
        Note(change_, Verdict::kNotComparable, "the timesteps differ, and so does the scheduler's configuration");
      else
        Note(change_, Verdict::kRegression, "the timesteps differ, though the scheduler's configuration does not");
    }
    if (a.calls != b.calls) return;
    std::vector<bool> other(pairs_.size());
    // Guidance rows decide apart in both or, with the parameters that make it the same setting, in neither.
    for (const char* column : {"action", "action_unconditional"}) {
      if (!base_.FindColumn(k_, column) || !now_.FindColumn(j_, column)) continue;
      const auto before = base_.Read<uint8_t>(k_, column).values, after = now_.Read<uint8_t>(j_, column).values;
      for (size_t p = 0; p < pairs_.size(); ++p) {
        const auto row = before.begin() + static_cast<std::ptrdiff_t>(pairs_[p].first) * a.calls;
        if (!std::equal(row, row + a.calls, after.begin() + static_cast<std::ptrdiff_t>(pairs_[p].second) * a.calls))
          other[p] = true;
      }
    }
    change_.other_decisions = std::ranges::count(other, true);
  }

  static Json SchedulerConfig(const ResultReader& result) {
    const Json& config = result.header().expanded_config;
    return config.is_object() && config.contains("scheduler") ? config["scheduler"] : Json();
  }

  // The column's values of the pairs; nothing if either result lacks it.
  bool Values(const std::string& column, std::vector<double>& before, std::vector<double>& after) const {
    if (!base_.FindColumn(k_, column) || !now_.FindColumn(j_, column)) return false;
    OfPairs(base_.Read<double>(k_, column).values, now_.Read<double>(j_, column).values, before, after);
    return true;
  }

  void OfPairs(const std::vector<double>& a, const std::vector<double>& b, std::vector<double>& before,
               std::vector<double>& after) const {
    for (const auto& [i, j] : pairs_) {
      before.push_back(a[i]);
      after.push_back(b[j]);
    }
  }

  // Of all samples of both.
  CostChange Cost(const std::vector<double>& base, const std::vector<double>& now, const char* what) {
    CostChange cost;
    std::vector<double> before, after;
    OfPairs(base, now, before, after);
    cost.base = Mean(before);
    cost.now = Mean(after);
    const bool judged = options_.max_cost_rise || !other_cost_;
    if (judged && cost.now > cost.base * (1 + options_.max_cost_rise.value_or(0))) {
      cost.verdict = Verdict::kRegression;
      Note(change_, cost.verdict,
           fmt::format("more {}: {:.6g} a sample in BASE, {:.6g} in NEW", what, cost.base, cost.now));
    }
    return cost;
  }

  void Quality(const MetricInfo& metric) {
    std::vector<double> before, after;
    if (!Values(metric.name, before, after)) {
      Note(change_, Verdict::kNotComparable, fmt::format("{}: not measured in NEW", metric.name));
      return;
    }
    if (metric.better == Direction::kUnknown) {
      Note(change_, Verdict::kNotComparable,
           fmt::format("{}: it is not known whether more of it is better", metric.name));
      return;
    }
    const double sign = metric.better == Direction::kHigher ? 1 : -1, ceiling = metric.ceiling.value_or(kInfinity);
    std::vector<double> loss, a, b;
    int64_t vanished = 0;
    for (size_t i = 0; i < before.size(); ++i) {
      if (std::isnan(before[i])) continue;
      if (std::isnan(after[i])) {
        ++vanished;
        continue;
      }
      a.push_back(std::min(before[i], ceiling));
      b.push_back(std::min(after[i], ceiling));
      loss.push_back(a.back() == b.back() ? 0 : sign * (a.back() - b.back()));  // equal ones may be infinite
    }
    if (vanished)
      Note(change_, Verdict::kRegression, fmt::format("{}: {} samples have no value in NEW", metric.name, vanished));
    if (loss.empty()) return;
    MetricChange change{.metric = metric.name, .better = metric.better, .base = Mean(a), .now = Mean(b)};
    change.loss =
        options_.sequential
            ? SequenceBounds(loss, (1 - options_.level) / static_cast<double>(std::max<int64_t>(1, comparisons_)))
            : BootstrapMean(loss, {.level = options_.level});
    WithoutRounding(loss, &change.loss);
    const auto given = options_.limits.find(metric.name);
    change.limit = given == options_.limits.end() ? DefaultLimit(metric, change.base) : given->second;
    Judge(change, std::all_of(loss.begin(), loss.end(), [](double l) { return l == 0; }));
    change_.metrics.push_back(std::move(change));
  }

  // Sums of losses that cancel leave the rounding of float64, which is no loss.
  static void WithoutRounding(const std::vector<double>& loss, MeanInterval* of) {
    constexpr double kRounding = 1e-12;
    double largest = 0;
    for (const double one : loss) largest = std::max(largest, std::abs(one));
    for (double* value : {&of->mean, &of->low, &of->high})
      if (std::abs(*value) < kRounding * largest) *value = 0;
  }

  void Set(const MeasuredValue& base) {
    SetComparison comparison = CompareSet(base, sets_, j_, options_);
    if (!comparison.not_comparable.empty()) Note(change_, Verdict::kNotComparable, comparison.not_comparable);
    if (!comparison.change) return;
    MetricChange& change = *comparison.change;
    if (std::isnan(change.loss.low) && change.loss.mean > change.limit) {
      change.verdict = Verdict::kRegression;
      Note(
          change_, change.verdict,
          fmt::format("{} is worse: lower quality by {:.4g} (no interval), limit {:.4g}; {:.5g} in BASE, {:.5g} in NEW",
                      change.metric, change.loss.mean, change.limit, change.base, change.now));
    } else if (!std::isnan(change.loss.low)) {
      Judge(change, change.base == change.now);
    }
    change_.sets.push_back(std::move(change));
  }

  void Judge(MetricChange& change, bool equal) {
    if (equal) return;
    const auto describe = [&](const char* verdict, double limit) {
      return fmt::format(
          "{} is {}: lower quality by {:.4g} [{:.4g}, {:.4g}], limit {:.4g}; {:.5g} in BASE, {:.5g} in NEW",
          change.metric, verdict, change.loss.mean, change.loss.low, change.loss.high, limit, change.base, change.now);
    };
    const bool cheaper = !other_cost_ && change_.nfe.now < change_.nfe.base;
    if (std::isnan(change.loss.low)) {
      if (change.loss.mean <= 0) return;
      change.verdict = Verdict::kInconclusive;
      Note(change_, change.verdict,
           fmt::format("{}: differs, and one sample says nothing about others", change.metric));
    } else if (change.loss.low > change.limit) {
      change.verdict = Verdict::kRegression;
      Note(change_, change.verdict, describe("worse", change.limit));
    } else if (cheaper && change.loss.low > 0) {
      change.verdict = Verdict::kRegression;
      Note(change_, change.verdict, describe("worse, with fewer evaluations", 0));
    } else if (change.loss.high > change.limit) {
      change.verdict = Verdict::kInconclusive;
      Note(change_, change.verdict, describe("undecided", change.limit));
    }
  }

  // PSNR over all values of a sample, mean over the samples; infinite when none differs. `column`: of pictures. Large
  // ones are read sample by sample.
  std::optional<double> AgreementOf(const std::string& column, bool large) const {
    const ColumnInfo *a = base_.FindColumn(k_, column), *b = now_.FindColumn(j_, column);
    if (!a || !b || a->row_shape != b->row_shape) return std::nullopt;
    const auto size =
        static_cast<size_t>(std::accumulate(a->row_shape.begin(), a->row_shape.end(), int64_t{1}, std::multiplies<>()));
    std::vector<uint8_t> all_before, all_after;
    if (!large) all_before = base_.Read<uint8_t>(k_, column).values;
    if (!large) all_after = now_.Read<uint8_t>(j_, column).values;
    double sum = 0;
    for (const auto& [i, j] : pairs_) {
      if (large) all_before = base_.ReadSamples<uint8_t>(k_, column, static_cast<int64_t>(i), 1).values;
      if (large) all_after = now_.ReadSamples<uint8_t>(j_, column, static_cast<int64_t>(j), 1).values;
      sum +=
          Psnr({all_before.data() + (large ? 0 : i * size), size}, {all_after.data() + (large ? 0 : j * size), size});
    }
    const double mean = sum / static_cast<double>(pairs_.size());
    return mean == kIdenticalDb ? kInfinity : mean;
  }

  void Pictures() {
    change_.agreement_db = AgreementOf("thumbnail", false);
    const double least = options_.min_agreement_db.value_or(otherwise_ ? -kInfinity : kMinAgreementDb);
    if (change_.agreement_db && base_.header().settings[k_].reference && *change_.agreement_db < least)
      Note(change_, Verdict::kRegression,
           fmt::format("the full run makes other pictures of the same noise: {:.1f} dB between BASE's and NEW's, at "
                       "least {:.1f} expected",
                       *change_.agreement_db, least));
  }

  static const LatencyRecord* Record(const ResultReader& result, size_t setting) {
    for (const auto& record : result.latency())
      if (record.setting == static_cast<int>(setting) && record.status == Status::kDone &&
          record.stage_s.contains("total") && !record.stage_s.at("total").empty())
        return &record;
    return nullptr;
  }

  void Latency() {
    const LatencyRecord *a = Record(base_, k_), *b = Record(now_, j_);
    if (!a || !b) {
      Note(change_, Verdict::kNotComparable, fmt::format("latency: not measured in {}", a ? "NEW" : "BASE"));
      return;
    }
    if (a->batch != b->batch || a->threads != b->threads) {
      Note(change_, Verdict::kNotComparable,
           fmt::format("latency: batch {} on {} threads in BASE, batch {} on {} threads in NEW", a->batch, a->threads,
                       b->batch, b->threads));
      return;
    }
    // Each repeat is divided by what the machine needed for fixed work beside it, where both have that.
    const auto work_of = [](const LatencyRecord& record) {
      const auto found = record.stage_s.find("calibration");
      return found == record.stage_s.end() ? std::vector<double>{} : found->second;
    };
    const std::vector<double>&total_a = a->stage_s.at("total"), &total_b = b->stage_s.at("total");
    const std::vector<double> work_a = work_of(*a), work_b = work_of(*b);
    const bool calibrated = work_a.size() == total_a.size() && work_b.size() == total_b.size();
    const auto times = [&](std::vector<double> total, const std::vector<double>& work) {
      for (size_t i = 0; i < total.size() && calibrated; ++i) total[i] /= work[i];
      return total;
    };
    // The shortest repeat, over the shortest time that the machine needed for the fixed work.
    const auto fastest = [&](const std::vector<double>& total, const std::vector<double>& work) {
      return std::ranges::min(total) / (calibrated ? std::ranges::min(work) : 1);
    };
    const TimeRatio ratio = CompareTimes(times(total_a, work_a), times(total_b, work_b), options_.level);
    change_.slowdown = ratio;
    const auto describe = [&](const char* verdict) {
      return fmt::format("latency {}: {:.3f} [{:.3f}, {:.3f}] times BASE's, limit {:.3f}", verdict, ratio.ratio,
                         ratio.low, ratio.high, *options_.max_slowdown);
    };
    // What else runs on the machine makes times longer, never shorter: what is really slower is so in its fastest
    // repeat too.
    if (std::min(ratio.ratio, fastest(total_b, work_b) / fastest(total_a, work_a)) <= *options_.max_slowdown) return;
    const bool worse = ratio.low > *options_.max_slowdown;
    Note(change_, worse ? Verdict::kRegression : Verdict::kInconclusive, describe(worse ? "is worse" : "is undecided"));
  }

  const ResultReader& base_;
  const ResultReader& now_;
  size_t k_, j_;
  const CompareOptions& options_;
  const ComparedSets& sets_;
  int64_t comparisons_;
  bool otherwise_, other_cost_;
  Pairs pairs_;
  SettingChange change_;
};

std::string DescribeResult(const ResultReader& result) {
  return fmt::format("{} on {}, {}", result.header().name, result.header().device,
                     DescribeBuilds(result.environments()));
}

void CompareSettings(const ResultReader& base, const ResultReader& now, const CompareOptions& options,
                     const ComparedSets& sets, const Pairs& pairs, Comparison& comparison) {
  const bool differ = !comparison.allowed.empty();
  std::vector<bool> used(now.header().settings.size());
  int64_t comparisons = 0;
  for (size_t k = 0; k < base.header().settings.size(); ++k) comparisons += std::ssize(base.Metrics(k));
  for (size_t k = 0; k < base.header().settings.size(); ++k) {
    const Counterpart other = FindCounterpart(base.header(), k, now.header(), options.allowances);
    if (other.index < 0) {
      Note(comparison.settings.emplace_back(SettingChange{.label = base.header().settings[k].label}),
           Verdict::kNotComparable, other.reason);
      continue;
    }
    used[other.index] = true;
    const auto j = static_cast<size_t>(other.index);
    if (!other.allowed.empty())
      comparison.allowed.push_back(fmt::format("{}: {}", base.header().settings[k].label, other.allowed));
    const bool otherwise = differ || !other.allowed.empty();
    comparison.settings.push_back(SettingComparer(base, now, k, j, options, sets, comparisons, otherwise).Run(pairs));
    if (const std::string& label = now.header().settings[j].label; label != base.header().settings[k].label)
      comparison.notes.push_back(fmt::format("{} is {} in NEW", base.header().settings[k].label, label));
  }
  for (size_t j = 0; j < used.size(); ++j)
    if (!used[j] && std::none_of(comparison.settings.begin(), comparison.settings.end(),
                                 [&](const auto& change) { return change.label == now.header().settings[j].label; }))
      comparison.notes.push_back(fmt::format("only NEW has {}", now.header().settings[j].label));
  for (const auto& change : comparison.settings) Worsen(comparison.verdict, change.verdict);
}

}  // namespace

double DefaultLimit(const MetricInfo& metric, double base_mean) {
  return metric.limit.value_or(0.02 * std::fabs(base_mean));
}

const char* Name(Verdict verdict) {
  static const char* const names[] = {"no regression", "inconclusive", "not comparable", "regression"};
  return names[static_cast<int>(verdict)];
}

int ExitCode(Verdict verdict) {
  if (verdict == Verdict::kFine) return 0;
  return verdict == Verdict::kRegression ? 1 : verdict == Verdict::kInconclusive ? 2 : 4;
}

Comparison Compare(const ResultReader& base, const ResultReader& now, const CompareOptions& options,
                   const ComparedSets& sets) {
  Comparison comparison;
  comparison.base = DescribeResult(base);
  comparison.now = DescribeResult(now);
  for (const auto* side : {&base, &now})
    comparison.notes.insert(comparison.notes.end(), side->notes().begin(), side->notes().end());
  const Pairs pairs = PairSamples(base, now);
  comparison.pairs = std::ssize(pairs);
  comparison.only_base = std::ssize(base.samples()) - comparison.pairs;
  comparison.only_now = std::ssize(now.samples()) - comparison.pairs;
  comparison.not_comparable = WhyNotComparable(base, now, options.allowances, &comparison.allowed);
  if (!comparison.not_comparable.empty()) {
    comparison.verdict = Verdict::kNotComparable;
    return comparison;
  }
  if (options.sequential)
    comparison.notes.push_back(
        "bounds are confidence sequences (asymptotic): they hold at every number of samples, for all settings and "
        "metrics "
        "together; metrics of whole sets have none and are not compared");
  if (!options.max_slowdown)
    comparison.notes.push_back(base.latency().empty() || now.latency().empty()
                                   ? fmt::format("latency was not looked at; it was not measured in {}",
                                                 base.latency().empty() ? "BASE" : "NEW")
                                   : "latency was not looked at; --max-slowdown 1.2 does that");
  CompareSettings(base, now, options, sets, pairs, comparison);
  return comparison;
}

}  // namespace skipbench
