// One skip path out of many: what a program that skips the same calls for every sample can be given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/recorded_actions.h"

namespace skipbench {

// Whose path to take. With none of the two every sample must have the same.
struct PathChoice {
  std::optional<int64_t> sample = {};  // the one of the sample with this id
  bool majority = false;               // a call runs the network where it does so for half of the samples or more
};

struct OnePath {
  Actions actions;    // [calls]; of a majority only predict and reuse
  std::string whose;  // "of all 32 samples", "of sample 7"
};

// `paths`: by sample id, all of one length. Error beginning with `where`: none, no such sample, samples that differ.
OnePath ChooseOnePath(const std::map<int64_t, Actions>& paths, const PathChoice& choice, const std::string& where);

// Which decisions of guidance's two rows.
enum class GuidanceRow { kBoth, kConditional, kUnconditional };

// The paths that the samples of a setting took, by sample id. Error beginning with `where`: no sample is done; kBoth
// where the rows decided apart.
std::map<int64_t, Actions> PathsBySample(const ResultReader& result, size_t setting, GuidanceRow row,
                                         const std::string& where);

}  // namespace skipbench
