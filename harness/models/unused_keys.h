// Keys of diffusers' config.json that change nothing about the network. Used by IgnoreTheRest() (config.h), and for
// notes.
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

// Whether a key that the network's reader does not know can be left out: it begins with "_", is null, is what
// diffusers' EMAModel or a training script leaves in a config, or belongs to another network and has the value at which
// it is off.
bool ChangesNothing(const std::string& key, const Json& value);
// Those of a config that ChangesNothing() lets pass and no network of diffusers 0.42 knows, but for those beginning
// with "_".
std::vector<std::string> KeysWithoutEffect(const Json& config);

}  // namespace skipbench
