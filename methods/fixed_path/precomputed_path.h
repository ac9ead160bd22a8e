// Replays paths that were found before the run: one for all samples, or each sample its own. Random skip paths: what a
// searched or estimated path has to beat.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sampling/search.h"

namespace skipbench {

// The bound form of a LatePathMethod. Start() throws Error for a path of another length than the run's calls, or that
// skips call 0; StartFor() also for a sample without a path, with the reason it was given.
std::unique_ptr<Method> MakePrecomputedPath(std::string type, std::string label, PrecomputedPaths paths);

// Decides as it was decided beforehand, call by call; by a mask: which calls predict.
std::unique_ptr<Policy> MakeReplayPolicy(std::vector<Decision> decisions);
std::unique_ptr<Policy> MakeReplayPolicy(const Mask& mask);

// What the unbound form starts: a policy that refuses to decide.
std::unique_ptr<Policy> MakeUnboundPolicy(std::string label);

// Why a config's mask is none, in the words of the method for its ones and zeros; "" where it is one.
std::string WhyNoMask(const Json& mask, const char* one, const char* zero);

// A path with `skips` skips, all such paths equally likely: the first `first` (>= 1) of `calls` calls and the last
// `last` never skip. Depends on the arguments only, on every machine. Throws Error if there are not that many calls to
// skip.
Mask RandomMask(int calls, int skips, uint64_t seed, int first = 1, int last = 0);

}  // namespace skipbench
