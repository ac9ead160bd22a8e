#include "tests/methods/conformance.h"

namespace skipbench {

METHOD_EXAMPLES(GreedySearch, {"greedy_search", {{"skips", 5}}},
                {"greedy_search",
                 {{"error_bound", 0.5}, {"scope", "shared"}, {"beam", 2}, {"max_run", 2}, {"first", 2}, {"last", 1}}});

}  // namespace skipbench
