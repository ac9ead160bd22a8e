#include "tests/schedulers/conformance.h"

namespace skipbench {

SCHEDULER_EXAMPLES(Euler, {"Default", "euler", Json::object()},
                   {"Karras", "euler", {{"use_karras_sigmas", true}, {"prediction_type", "v_prediction"}}},
                   {"Sample", "euler", {{"prediction_type", "sample"}, {"timestep_spacing", "leading"}}});

}  // namespace skipbench
