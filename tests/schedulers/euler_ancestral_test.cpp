#include "tests/schedulers/conformance.h"

namespace skipbench {

SCHEDULER_EXAMPLES(EulerAncestral, {"Trailing", "euler_ancestral", {{"timestep_spacing", "trailing"}}});

}  // namespace skipbench
