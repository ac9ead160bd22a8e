// Paths out of another result, for fixed_path's "from".
#pragma once

#include <string>
#include <vector>

#include "harness/base/sample.h"
#include "harness/sampling/search.h"

namespace skipbench {

// The paths of `samples` (by id), for the setting `label` of a run called `run` (empty where there is one run only); of
// a source with several runs, "greedy_search(skips=15) [ddim]", those of the run of the same name. Error naming `label`
// and the result: no such setting, nothing searched, a sample missing or not done, a path with shallow forwards.
PrecomputedPaths LoadRecordedPaths(const RecordedPathMethod::Source& source, const std::vector<Sample>& samples,
                                   const std::string& label, const std::string& run);

}  // namespace skipbench
