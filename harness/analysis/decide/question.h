// The questions that a run can decide; decider.h asks them look by look.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/analysis/decide/options.h"
#include "harness/analysis/decide/samples.h"
#include "harness/stats/bootstrap.h"

namespace skipbench {

enum class Answer {
  kOpen,       // not yet
  kYes,        // on the front; beats fewer steps; is worse than the baseline
  kNo,         // dominated; does not beat fewer steps; is not worse
  kUndecided,  // the samples ended, or an answer by their end is unlikely
  kNotAsked,   // the full run, fewer_steps as what others are held against, settings without counterpart
};

// What is known of a setting.
struct SettingDecision {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  Answer answer = Answer::kOpen;
  int64_t samples = 0;      // that the answer is from
  int rival = -1;           // the setting that dominates this one
  std::string metric = {};  // that the difference is of
  // How much better than what it was held against, in the metric's unit (of a rival: that one; positive is better), and
  // the bounds that the answer is from. NaN: none.
  MeanInterval difference = {0, kNone, kNone, kNone};
  std::string words = {};  // "dominated by X after 24 samples"
};

// The first n samples, as a question sees them: values after a setting was dropped are NaN.
struct Look {
  int64_t samples = 0;  // n
  int64_t last = 0;     // what n will be at most
  const std::map<std::string, SettingValues>& columns;
  const SettingValues& Values(const std::string& name) const { return columns.at(name); }
};

class Question {
 public:
  virtual ~Question() = default;
  // The columns that it looks at.
  virtual std::vector<std::string> Columns() const = 0;
  // Answers what can be answered of the settings that are open.
  virtual void Ask(const Look& look, std::vector<SettingDecision>* decisions) const = 0;
  // What the next samples are needed of: what is open, and what that is held against.
  virtual std::vector<bool> Needs(const Look& look, const std::vector<SettingDecision>& decisions) const = 0;
};

// The metric's description; throws Error where the run does not measure it for single samples, or nobody knows which
// way is better.
const MetricInfo& DecidedMetric(const RunHeader& header, const std::string& metric);

// In front of a metric's name: the column that has the baseline's values of the same samples.
inline constexpr const char* kBaselinePrefix = "baseline/";

// ---- what questions have in common ----------------------------------------------------------------------------------

// The mean and deviation of values.
struct Moments {
  int64_t count = 0;
  double mean = 0, deviation = 0;
  MeanInterval Bounds(double alpha) const;
  // Chances that the lower bound will be above, or the upper one below, `limit` by the last sample.
  double ChanceAbove(double limit, int64_t last, double alpha) const;
  double ChanceBelow(double limit, int64_t last, double alpha) const;
};
Moments MomentsOf(std::span<const double> values);
// Of a - b, where both are defined.
Moments MomentsOfDifference(std::span<const double> a, std::span<const double> b);

// A metric's values as comparisons take them: the larger the better, infinite ones as the metric's ceiling, NaN where
// there is none.
std::vector<double> Oriented(std::span<const double> values, const MetricInfo& metric);
SettingValues Oriented(const SettingValues& values, const MetricInfo& metric);

// Whether a chance of an answer by the last sample is too small to go on; not before twice the burn-in, when deviations
// are hardly known.
bool GivesUp(const Look& look, const DecideOptions& options, double chance);

// "undecided at 200 samples", or why no answer is waited for.
std::string UndecidedWords(const Look& look, double give_up);

}  // namespace skipbench
