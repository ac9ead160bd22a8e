#include "tests/schedulers/conformance.h"

namespace skipbench {

SCHEDULER_EXAMPLES(DdimQuadratic, {"Default", "ddim_quadratic", Json::object()});

}  // namespace skipbench
