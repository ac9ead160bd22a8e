// All denoising networks, by their class in diffusers. Adding one takes its own files and a line in catalog.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/network.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

struct NetworkType {
  std::vector<std::string> class_names;  // of diffusers: _class_name of its config.json
  // Reads its config.json and builds nothing. Throws Error for a config that is wrong, UnsupportedError for one that is
  // not supported.
  std::function<void(const JsonReader& config)> check;
  std::function<std::unique_ptr<Network>(const JsonReader& config, const Weights& w)> make;  // errors as `check`
};

const std::vector<NetworkType>& NetworkTypes();

// The network that `config` describes, by its _class_name. Throws UnsupportedError for one that is not in the catalog,
// Error for a config that is wrong.
std::unique_ptr<Network> MakeNetwork(const JsonReader& config, const Weights& w);

}  // namespace skipbench
