// Paths out of another result, for fixed_path's "from".
#pragma once

#include <string>
#include <vector>

#include "harness/base/sample.h"
#include "harness/sampling/search.h"

namespace skipbench {

// The paths of `samples` (by id). Error naming `label` and the result: no such setting, nothing searched, a sample that is
// not there or was not done, a path with shallow forwards.
SuppliedPaths LoadRecordedPaths(const RecordedPathMethod::Source& source, const std::vector<Sample>& samples, const std::string& label);

}  // namespace skipbench
