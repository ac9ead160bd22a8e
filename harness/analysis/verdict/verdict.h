// The verdict on a result: for each full run and budget, which setting comes closest to the full run, by how much it
// beats plain fewer steps at its cost, where the data cannot tell, and what is dominated.
// README.md says how it is come to and why its words hold together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/decide/record.h"
#include "harness/analysis/decide/samples.h"
#include "harness/measures/metric_info.h"
#include "harness/stats/bootstrap.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct VerdictOptions {
  // A column of single samples; empty: what the run decided by, else psnr, else the first whose better side is known.
  std::string metric = {};
  std::string cost = {};                            // macs_matmuls | macs_modules | nfe; empty: what the run decided by
  std::vector<double> budgets = {0.75, 0.5, 0.35};  // of the full run's cost, each in (0, 1]
  double level = 0.95;                              // that everything the verdict says is right, in [0.5, 1)
};

// How much better than plain fewer steps at its cost a setting is.
struct AgainstFewer {
  enum class Kind {
    kNone,          // nothing to hold it against
    kInterpolated,  // between the neighbours `left` and `right` in cost
    kOne,           // with `left`, which costs the same
    kDearer,        // with `left`, the cheapest there is, which costs more
  };
  Kind kind = Kind::kNone;
  size_t left = 0, right = 0;
  // In the metric's unit, the larger the better; the bounds hold for all settings together. Infinite where there are
  // too few samples.
  MeanInterval difference = {};

  bool better() const { return kind != Kind::kNone && difference.low > 0; }
  bool worse() const { return kind != Kind::kNone && difference.high < 0; }
};

struct JudgedSetting {
  size_t setting = 0;  // in RunHeader::settings
  bool fewer_steps = false;
  double cost = 0;             // relative to the full run, over the samples that both have; NaN: not known
  double value = 0;            // mean of the metric over the group's samples, values above the ceiling counted as that
  int64_t identical = 0;       // of these samples, those with an infinite value
  std::string set_aside = {};  // why it is not judged; empty: it is
  bool pareto = false;         // no other setting is better, by the means, at no more cost
  std::optional<size_t> dominated_by = {};  // a setting that certainly is better at no more cost
  AgainstFewer against = {};                // of other settings than fewer_steps

  bool judged() const { return set_aside.empty(); }
  // In the Pareto set of what was run, though fewer steps between two of those run would certainly beat it at its cost.
  bool beaten_between() const { return pareto && against.kind == AgainstFewer::Kind::kInterpolated && against.worse(); }
};

// What is said of one budget; indices into JudgedGroup::settings.
struct JudgedBudget {
  double budget = 0;
  int64_t within = 0;            // settings that cost no more
  std::optional<size_t> best;    // closest to the full run
  std::optional<size_t> method;  // the closest one that is not fewer_steps
  // Others within the budget that the data cannot tell from the best one of all: with the level's probability the one
  // that truly is closest is `best` or among them.
  std::vector<size_t> not_told_apart;
};

// The settings of one full run.
struct JudgedGroup {
  int reference = -1;   // in RunHeader::settings
  int64_t samples = 0;  // that all judged settings have
  std::string problem;  // why nothing is said; empty: something is
  std::vector<JudgedSetting> settings;
  std::vector<JudgedBudget> budgets;  // as the options'

  bool any_fewer_steps() const;
};

struct RunVerdict {
  MetricInfo metric;
  std::string cost;
  double level = 0;
  bool stopped = false;     // bounds are those of confidence sequences
  bool shallow = false;     // settings have shallow forwards, which the cost "nfe" does not count
  int64_t comparisons = 0;  // with fewer steps
  int64_t pairs = 0;        // of settings
  int64_t samples = 0;      // in the result
  int64_t planned = 0;      // where the run has more to do, the samples of its plan; else 0
  std::string problem;      // why nothing is said; empty: something is
  std::vector<JudgedGroup> groups;

  // The group that `setting` is judged in, and its place; nullptr: it is the full run, or nothing is said.
  const JudgedSetting* Find(size_t setting) const;
};

// Throws Error for options out of range, and for a metric that is named but not measured.
RunVerdict MakeVerdict(const ResultReader& result, const VerdictOptions& options = {});
RunVerdict MakeVerdict(const ResultReader& result, const std::optional<RunDecisions>& decisions,
                       const VerdictOptions& options);

// What a verdict is made from.
struct VerdictInput {
  const RunHeader& header;
  MetricInfo metric;
  SettingValues values, cost;               // [setting][sample], NaN where there is none
  const RunDecisions* decisions = nullptr;  // of a run that decides
};
RunVerdict MakeVerdict(const VerdictInput& input, const VerdictOptions& options);

}  // namespace skipbench
