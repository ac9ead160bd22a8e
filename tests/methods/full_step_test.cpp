#include "tests/methods/conformance.h"

namespace skipbench {

METHOD_EXAMPLES(FullStep, {"full_step", Json::object()});

}  // namespace skipbench
