// The options that a setting's scheduler was built from, in words. They stand in the header's expanded_config,
// settings[k].scheduler: {"timestep_spacing": {"value": "leading", "from": "config" | "model" | "default"}, ...}: the
// experiment's config, the model's scheduler_config.json, the class's default. Earlier results have none.
#pragma once

#include <string>

#include "harness/store/records.h"

namespace skipbench {

// An object as above; empty where the results do not record it.
Json OptionsOf(const RunHeader& header, size_t setting);

// The value of an option in `options`, an object as above; null where it is not there.
Json ValueOf(const Json& options, const std::string& option);

// "linspace (default of euler)", "leading (the model's scheduler_config.json)", "trailing (the config)"; "absent" where
// `options`, an object as above, lacks the option. `scheduler`: its type.
std::string DescribeOption(const Json& options, const std::string& scheduler, const std::string& option);

// "euler: timestep_spacing leading (the model's scheduler_config.json), steps_offset 1 (the model's
// scheduler_config.json); starts at timestep 981"; "" where nothing is recorded, or the scheduler has no spacing.
std::string DescribeSpacing(const Json& options, const std::string& scheduler, const std::vector<double>& timesteps);

}  // namespace skipbench
