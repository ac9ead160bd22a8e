// Random skip paths: what a searched or estimated path has to beat.
#pragma once

#include "harness/sampling/search.h"

namespace skipbench {

// A path with `skips` skips, all such paths equally likely: the first `first` (>= 1) of `calls` calls and the last
// `last` never skip. Depends on the arguments only, on every machine. Throws Error if there are not that many calls to
// skip.
Mask RandomMask(int calls, int skips, uint64_t seed, int first = 1, int last = 0);

}  // namespace skipbench
