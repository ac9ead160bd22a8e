// The options that a scheduler is built from, and where each comes from.
#pragma once

#include <string>
#include <vector>

#include "harness/schedulers/options.h"

namespace skipbench {

// Of the scheduler that MakeScheduler() makes of the same arguments: every option that its class knows, by name. Errors as there.
std::vector<SchedulerOption> OptionsInForce(const std::string& type, const Json& config, const Json& overrides, int steps,
                                            const std::string& origin);

}  // namespace skipbench
