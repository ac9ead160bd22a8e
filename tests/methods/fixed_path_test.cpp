#include "tests/methods/conformance.h"

namespace skipbench {

METHOD_EXAMPLES(FixedPath, {"fixed_path", {{"interval", 3}}},
                {"fixed_path", {{"mask", {1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0}}}},
                {"fixed_path", {{"random", 7}, {"seed", 3}}}, {"fixed_path", {{"from", "other"}, {"skips", 5}}});

}  // namespace skipbench
