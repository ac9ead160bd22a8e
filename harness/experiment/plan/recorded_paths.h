// Paths out of another result, for fixed_path's "from".
#pragma once

#include <string>
#include <vector>

#include "harness/base/sample.h"
#include "harness/sampling/search.h"

namespace skipbench {

// The paths of `samples` (by id), for the setting `label` of a run called `run` (empty where there is one run only).
// Where the result holds the source's setting once for each of several runs, "greedy_search(skips=15) [ddim]", the one
// of the run of the same name is meant. Error naming `label` and the result: no such setting, nothing searched, a
// sample that is not there or was not done, a path with shallow forwards.
PrecomputedPaths LoadRecordedPaths(const RecordedPathMethod::Source& source, const std::vector<Sample>& samples,
                                   const std::string& label, const std::string& run);

}  // namespace skipbench
