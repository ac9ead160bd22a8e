#include "tests/methods/conformance.h"

namespace skipbench {

METHOD_EXAMPLES(FewerSteps, {"fewer_steps", {{"steps", 12}}});

}  // namespace skipbench
