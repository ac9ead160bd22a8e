#include "tests/schedulers/conformance.h"

namespace skipbench {

SCHEDULER_EXAMPLES(Pndm, {"Plms", "pndm", {{"skip_prk_steps", true}}},
                   {"RungeKutta", "pndm", {{"prediction_type", "v_prediction"}}});

}  // namespace skipbench
