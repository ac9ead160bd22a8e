// Decides a question look by look, from the samples in the order of the plan and from nothing else: whoever has the
// same samples comes to the same answers, whatever was killed, resumed or run in shards.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/decide/question.h"

namespace skipbench {

// The values that a run is held against, of the samples of the plan: by metric, [setting][ordinal]; NaN: none.
struct Baseline {
  std::map<std::string, SettingValues> values;
};

class Decider {
 public:
  // `baseline`: of the question "regression". Throws Error for a question that the run cannot answer.
  Decider(const RunHeader& header, DecideOptions options, std::optional<Baseline> baseline = {});

  const DecideOptions& options() const { return options_; }
  // What samples are read for it.
  std::vector<std::string> Columns() const;

  // Takes samples in any order and looks at all that follow without a gap. A sample that is there already is passed
  // over.
  void Add(const DecidingSamples& samples);

  // For each setting.
  const std::vector<SettingDecision>& decisions() const { return decisions_; }
  // The number of samples from the first of the plan on that each setting is run for: those before it was dropped;
  // while it is needed all of the plan.
  const std::vector<int64_t>& until() const { return until_; }
  bool Needed(size_t setting, int64_t ordinal) const { return ordinal < until_[setting]; }
  // Samples that any setting is run for; less than the plan has once everything is answered.
  int64_t end() const;
  bool finished() const { return finished_; }

 private:
  void LookAt(int64_t samples);
  void Append(int64_t ordinal);

  const int64_t last_, look_, settings_;
  DecideOptions options_;
  std::optional<Baseline> baseline_;
  std::unique_ptr<Question> question_;
  std::map<int64_t, std::map<std::string, std::vector<double>>> waiting_;  // by ordinal: [setting]
  std::map<std::string, SettingValues> columns_;                           // [setting][n], without a gap
  int64_t count_ = 0;                                                      // n
  std::vector<SettingDecision> decisions_;
  std::vector<int64_t> until_;
  bool finished_ = false;
};

}  // namespace skipbench
