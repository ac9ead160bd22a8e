#include "tests/schedulers/conformance.h"

namespace skipbench {

SCHEDULER_EXAMPLES(Ddpm, {"Default", "ddpm", Json::object()},
                   {"Large", "ddpm", {{"variance_type", "fixed_large"}, {"timestep_spacing", "linspace"}}},
                   {"Log", "ddpm", {{"variance_type", "fixed_small_log"}, {"steps_offset", 1}}});

}  // namespace skipbench
