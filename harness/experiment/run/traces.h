// What every trajectory looked like, call by call, beside what its method records: "traces" in the config.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/sampling/trajectory_tree.h"

namespace skipbench {

// Names, in the order of DifferenceTraces; harness/store/README.md says what each is.
const std::vector<std::string>& DifferenceTraceNames();

// Values by name, each [calls], of one sample's trajectory of latents with `elements` elements. NaN where there is
// none: the trajectory is too short for a difference, or there is nothing to measure the error from.
Trace DifferenceTraces(const std::vector<CallTrace>& calls, int64_t elements);

}  // namespace skipbench
