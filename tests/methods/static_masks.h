// What methods decide that look at nothing.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "harness/base/error.h"
#include "harness/sampling/method.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

// Of a transformer like DiT's.
inline RunShape TransformerRun(int calls) {
  RunShape run;
  run.steps = run.calls = calls;
  run.network = {.blocks = 4, .modules = kAttentionModule | kFeedForwardModule};
  for (int call = 0; call < calls; ++call) run.timesteps.push_back(1000 - 1000.0 * call / calls);
  return run;
}

inline std::vector<Decision> DecisionsOf(const Method& method, const RunShape& run) {
  const auto policy = method.Start(run);
  std::vector<Decision> decisions;
  for (int call = 0; call < run.calls; ++call) {
    decisions.push_back(policy->Decide(call));
    Observation seen;
    seen.action = decisions.back().action;
    policy->Observe(call, seen);
  }
  return decisions;
}

// "1101": 1 = predicted.
inline std::string MaskOf(const Method& method, const RunShape& run) {
  std::string mask;
  for (const Decision& decision : DecisionsOf(method, run)) mask += decision.action == Action::kPredict ? '1' : '0';
  return mask;
}

}  // namespace skipbench::testing
