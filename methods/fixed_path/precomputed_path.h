// Replays paths that were found before the run: one for all samples, or each sample its own.
#pragma once

#include <memory>
#include <string>

#include "harness/sampling/search.h"

namespace skipbench {

// The bound form of a LatePathMethod. Start() throws Error for a path of another length than the run's calls, or that
// skips call 0; StartFor() also for a sample without a path, with the reason it was given.
std::unique_ptr<Method> MakePrecomputedPath(std::string type, std::string label, PrecomputedPaths paths);

// Replays `mask`.
std::unique_ptr<Policy> MakeMaskPolicy(Mask mask);

// What the unbound form starts: a policy that refuses to decide.
std::unique_ptr<Policy> MakeUnboundPolicy(std::string label);

}  // namespace skipbench
