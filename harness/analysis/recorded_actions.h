// What the samples of a setting decided, call by call, and whether it was the same for all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/store/result_reader.h"

namespace skipbench {

// The decisions of one sample, a kAction code for each scheduler call.
using Actions = std::vector<uint8_t>;

// Of the samples that were done.
struct RecordedActions {
  std::vector<int64_t> samples;        // ids
  std::vector<Actions> actions;        // [samples][calls]; of the conditional row where guidance rows decide apart
  std::vector<Actions> unconditional;  // of the other row then; else empty
};

// Without samples where the result has none of this setting.
RecordedActions ReadActions(const ResultReader& result, size_t setting);

// Of each sample, done or not, the calls with this kAction code, which is the store's nfe or shallow_nfe; of guidance
// rows that decided apart each counts half, where the store's numbers are rounded up.
std::vector<double> EvaluationsOf(const ResultReader& result, size_t setting, uint8_t action);

// "1101": 1 where a call runs the whole network, 0 where it does not.
std::string MaskText(const Actions& actions);

// Whether every call of all samples (one at least) ran the whole network, under a method that decides.
bool NeverSkips(const ResultReader& result, size_t setting);

// Samples that two settings have both done, and those of them for which another call of either guidance row runs the
// whole network.
struct OtherMasks {
  int64_t samples = 0, differ = 0;
};

// Nothing where the two make other numbers of calls, or one has no recorded actions.
std::optional<OtherMasks> CompareMasks(const ResultReader& result, size_t a, size_t b);

// A path that did not depend on the sample, of a setting whose method says that it decides.
struct StaticPath {
  std::string mask;         // MaskText(); where guidance rows decided apart, the conditional row's, "/", the other's
  int64_t samples = 0;      // that took it; at least 2
  int64_t predictions = 0;  // full network evaluations of one sample, rounded up
};

// Nothing: samples differ, there is one only, no call was skipped, or the method's paths are chosen beforehand
// (fixed_path, greedy_search, deepcache).
std::optional<StaticPath> FindStaticPath(const ResultReader& result, size_t setting);

}  // namespace skipbench
