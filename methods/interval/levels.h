// Where a method that reuses or forecasts on a schedule of its own takes what it reuses: options that such methods
// share.
#pragma once

#include <string>
#include <vector>

#include "methods/catalog.h"

namespace skipbench {

struct LevelOptions {
  enum class Level {
    kOutput,     // the network's output; the network does not run
    kLastBlock,  // what leaves the last block; what comes after it runs
    kResidual,   // what all blocks add; what comes before and after them runs
    kModules,    // outputs of modules in every block, before their gates; everything else runs
  };
  Level level = Level::kOutput;
  std::vector<std::string> modules =
      {};  // kModules: "attention", "cross_attention", "feed_forward"; none: all there are

  friend bool operator==(const LevelOptions&, const LevelOptions&) = default;
};

// `level`: the default.
OptionTable<LevelOptions> LevelTable();

// ",level=modules,modules=attention", of a label.
std::string LevelLabel(const LevelOptions& options);

// The place in this network.
CacheSite SiteOf(const LevelOptions& options, const NetworkAbilities& network);

// Throws UnsupportedError where the network has no such place; `label`: whose.
void CheckLevel(const LevelOptions& options, const NetworkAbilities& network, const std::string& label);

// What is done with `weights` over what the site keeps; empty: the newest as it is.
Decision ReuseAt(CacheSite site, std::vector<double> weights);

}  // namespace skipbench
