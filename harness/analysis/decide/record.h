// Decisions of a result: what it stores of them, and how they follow from its samples.
//
//   /decisions            attributes: question, metric, cost, level, samples (in the result), answered (1: nothing is
//                         open any more)
//     setting             [settings] labels
//     answer              [settings] yes, no, undecided, not asked; open: the run is not finished
//     answer_samples      [settings] samples that the answer is from; 0: none
//     run_samples         [settings] samples that the setting is run for; after them it was not needed
//     rival               [settings] index of the setting that dominates it; -1: none
//     metric              [settings] that the difference is of
//     difference, low, high  [settings] how much better than what it was held against, and the bounds that the answer
//                         is from: a confidence sequence. NaN: none
//     words               [settings] the answer in words
//   /decision_baseline    of the question "regression": METRIC [settings, samples of the plan], the baseline's values
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/decide/decider.h"
#include "harness/io/hdf5/hdf5.h"
#include "harness/store/join.h"

namespace skipbench {

inline constexpr const char* kDecisionsPart = "decisions";
inline constexpr const char* kBaselinePart = "decision_baseline";

struct RunDecisions {
  DecideOptions options;
  std::vector<SettingDecision> decisions;  // [setting]
  std::vector<int64_t> until;              // [setting] samples that it is run for, of the plan
  int64_t end = 0;                         // samples that any of them is run for
  bool finished = false;                   // nothing is open any more
};

// "yes", "no", "undecided", "not asked", "open".
const char* Name(Answer answer);

// What a result decides, from its samples; nothing when its config does not ask. Throws Error that names the file for
// options or a baseline that are damaged.
std::optional<RunDecisions> DecisionsOf(const ResultReader& result);
RunDecisions DecisionsOf(const Decider& decider);
// As compare's: of the question "regression" 1 where something is worse, 2 where something is undecided; else 0.
int ExitCode(const RunDecisions& decisions);
// Whether a result decides a question and has answered it, so that it needs no more samples.
bool IsAnswered(const ResultReader& result);

// What an undivided run would hold of a result, that of shards say: values after a setting was dropped go. Nothing
// where the result's config does not ask for decisions.
std::optional<KeptSamples> KeptOf(const ResultReader& result);

void WriteDecisions(hdf5::Group& group, const RunDecisions& decisions, const RunHeader& header, int64_t samples);
void WriteBaseline(hdf5::Group& group, const Baseline& baseline);
Baseline ReadBaseline(const hdf5::Group& group, const RunHeader& header);

}  // namespace skipbench
