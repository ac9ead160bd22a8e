// What a run is to decide, instead of running a number of samples: "decide" in a config.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/base/options.h"

namespace skipbench {

struct DecideOptions {
  std::string question = "pareto";    // pareto | fewer_steps | regression
  std::string metric = {};            // a column of single samples; "" (regression): all that the baseline has
  std::string cost = "macs_matmuls";  // macs_matmuls | macs_modules | nfe
  std::optional<double> margin = {};  // in the metric's unit; absent: 0, of regression the metric's own limit
  double level = 0.95;                // that all answers are right, at all looks together
  int64_t look = 0;                   // samples between two looks; 0: the wave size
  int64_t burn_in = 10;               // samples before the first look counts
  int64_t samples = 0;                // at most; 0: all of the data
  double give_up = 0.2;               // a setting is left when an answer by the last sample has less than this chance
  std::string baseline = {};          // regression: the result that NEW is held against, relative to the config

  bool asks(const char* what) const { return question == what; }
  double alpha() const { return 1 - level; }
};

const OptionTable<DecideOptions>& DecideTable();

// The options with the defaults that depend on the question filled in; throws OptionError where they do not fit.
DecideOptions Resolved(DecideOptions options);

}  // namespace skipbench
