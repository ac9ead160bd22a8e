#include "tests/methods/conformance.h"

namespace skipbench {

METHOD_EXAMPLES(DeepCache, {"deepcache", {{"interval", 3}, {"branch", 1}}},
                {"deepcache", {{"interval", 2}, {"schedule", "quad_center"}, {"center", 5}, {"power", 1.4}}},
                {"deepcache", {{"interval", 4}, {"schedule", "quad"}, {"power", 1.4}}});

}  // namespace skipbench
