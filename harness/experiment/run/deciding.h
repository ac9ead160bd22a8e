// A run that decides a question: which settings its next wave needs.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "harness/analysis/decide/decider.h"
#include "harness/experiment/plan/plan.h"
#include "harness/store/result_writer.h"

namespace skipbench {

class Deciding {
 public:
  // Nothing where the config does not ask. Throws Error for a question that the run cannot answer and for a baseline
  // that is not comparable.
  static std::unique_ptr<Deciding> Of(const Plan& plan, const RunHeader& header);

  // Takes what is committed in the run's own folder, a wave of it, and what there is in folders of other shards.
  void TakeCommitted(const ResultWriter& writer);
  void Take(const Wave& wave);
  void TakeSegment(const std::filesystem::path& file);
  void TakeOthers(const std::vector<std::filesystem::path>& folders);

  // Which settings the sample at a place of the plan, and those after it, need, as far as that is known; none: the
  // question is answered.
  std::vector<bool> NeededFrom(int64_t ordinal) const;
  bool NeedsAny(int64_t ordinal) const;
  // The sample's look: waves end there.
  int64_t LookAfter(int64_t ordinal) const;
  const Decider& decider() const { return decider_; }

  // Stores the baseline's values.
  void CommitBaseline(ResultWriter* writer) const;
  // How the waves are joined: what counts of them, and the decisions.
  JoinOptions JoinAs(const ResultWriter& writer) const;

 private:
  Deciding(const RunHeader& header, const DecideOptions& options, std::optional<Baseline> baseline)
      : baseline_(baseline), decider_(header, options, std::move(baseline)) {}

  std::optional<Baseline> baseline_;
  Decider decider_;
};

}  // namespace skipbench
