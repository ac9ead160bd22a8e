// What of a run stays on disk for extensions of it: "keep" in a config.
#pragma once

#include <cstdint>
#include <string>

#include "harness/base/options.h"

namespace skipbench {

struct KeptConfig {
  std::string what = "nothing";       // nothing | reference | all
  int64_t limit = int64_t{16} << 30;  // bytes
  bool keeps() const { return what != "nothing"; }
  bool all() const { return what == "all"; }
};

// The keys "keep" and "keep_limit" of a config.
const OptionTable<KeptConfig>& KeptTable();
// Throws Error naming the key; `config`: all of it, from `file`.
KeptConfig ReadKept(const Json& config, const std::string& file);

}  // namespace skipbench
