// Is NEW worse than BASE? Two results of the same experiment, compared sample by sample and setting by setting: for a
// person who changed something, and for a CI job.
// compare.md says how it is decided.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/comparable.h"
#include "harness/measures/measured_value.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/time_ratio.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct CompareOptions {
  double level = 0.95;  // of the intervals, in (0, 1)
  // Bounds that hold at every number of samples, and for all settings and metrics together, in place of intervals: for
  // results that are looked at while they grow, or that stopped when they had their answer.
  bool sequential = false;
  // How much worse a metric may get, by its column; a metric of sets by its name ("fd_fashion"), or by what it is
  // against too ("fd_fashion (reference)"). See DefaultLimit and DefaultAllowance.
  std::map<std::string, double> limits;
  // Of evaluations and MACs, as a fraction; none: 0, but where other steps, guidance or another model are allowed and
  // there costs are shown, not judged.
  std::optional<double> max_cost_rise = {};
  std::optional<double> max_slowdown = {};  // ratio of latencies; none: latency is not looked at
  // PSNR of the reference's thumbnails, NEW against BASE, mean over samples; none: kMinAgreementDb, but where something
  // is allowed to differ the agreement is shown, not judged.
  std::optional<double> min_agreement_db = {};
  Allowances allowances = {};
};
inline constexpr double kMinAgreementDb = 40;

// How much worse a metric may get unless the user says otherwise: what it says itself, else 2 % of BASE's mean.
double DefaultLimit(const MetricInfo& metric, double base_mean);
// The same of a metric of whole sets: the standard error of BASE's value, by which it would move had other samples been
// drawn; at least DefaultLimit.
double DefaultAllowance(const MeasuredValue& base);

enum class Verdict { kFine, kInconclusive, kNotComparable, kRegression };  // from good to bad
const char* Name(Verdict verdict);
// 0 fine, 1 regression, 2 inconclusive, 4 not comparable.
int ExitCode(Verdict verdict);

struct MetricChange {
  std::string metric = {};  // of sets: with what it is against, "fd_fashion (data)"
  Direction better = Direction::kUnknown;
  double base = 0, now = 0;  // means over the pairs; values above MetricInfo::ceiling count as that
  MeanInterval loss = {};    // how much worse NEW is; negative: better. NaN ends: no interval
  double limit = 0;
  Verdict verdict = Verdict::kFine;
};

struct CostChange {
  double base = 0, now = 0;  // means over the pairs
  Verdict verdict = Verdict::kFine;
};

struct SettingChange {
  std::string label = {};
  int64_t pairs = 0;                        // samples that both have done
  int64_t other_decisions = 0;              // of these, with at least one call decided otherwise
  CostChange nfe = {}, macs = {};           // MACs: by the convention "matmuls"
  std::vector<MetricChange> metrics = {};   // of single samples
  std::vector<MetricChange> sets = {};      // of whole sets
  std::optional<double> agreement_db = {};  // of thumbnails; +inf: all equal
  // Of the pictures themselves, where both results hold them and something was allowed to differ; as agreement_db.
  std::optional<double> picture_db = {};
  std::optional<TimeRatio> slowdown = {};  // NEW's latency over BASE's, machine speed taken out where it was measured
  Verdict verdict = Verdict::kFine;
  std::vector<std::string> reasons = {};  // why not fine
};

struct Comparison {
  std::string base, now;                           // what was compared, for people
  int64_t pairs = 0, only_base = 0, only_now = 0;  // samples
  std::vector<std::string> not_comparable;         // why nothing was compared
  std::vector<std::string> allowed;                // what differs and was allowed to
  std::vector<SettingChange> settings;             // those of BASE
  std::vector<std::string> notes;
  Verdict verdict = Verdict::kFine;  // the worst of all
};

// Metrics of whole sets of both results, over the samples that both have done (compare_sets.h computes them).
struct ComparedSets {
  std::vector<MeasuredValue> base, now;
  std::map<std::string, std::string> not_comparable;  // by metric, why: other weights, other reference data
};

Comparison Compare(const ResultReader& base, const ResultReader& now, const CompareOptions& options,
                   const ComparedSets& sets = {});

}  // namespace skipbench
