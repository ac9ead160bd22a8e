// How much memory the open trajectories of a run take, and how many of them "memory" in the config allows at a time.
#pragma once

#include <cstdint>

#include "harness/experiment/plan/plan.h"
#include "harness/sampling/trajectory_tree.h"

namespace skipbench {

// Bytes that one open trajectory holds, by part.
struct StateBytes {
  int64_t latent = 0;
  int64_t scheduler = 0;    // the scheduler's history
  int64_t differences = 0;  // earlier latents and predictions, for what methods and traces observe
  int64_t output = 0;       // the last network output, both guidance rows of a guided pair
  int64_t features = 0;     // DeepCache's features, of all positions that a setting may ask for
  // While a step is computed, the next state stands beside the last one.
  int64_t total() const { return 2 * (latent + scheduler + differences + output + features); }
};

// What a tree of the plan needs, beside weights, the working memory of a call (batch_size bounds that) and records.
struct TreeMemory {
  StateBytes state;
  TreeNeeds needs;              // in states
  int64_t max_states = 0;       // what "memory" allows; 0: no bound
  int64_t samples_at_once = 0;  // of a wave
  bool depth_first = false;     // a sample (or group) does not fit with all settings side by side
  int64_t bytes_at_once = 0;    // at most, as the run goes
};

// Throws Error that says what the run needs when "memory" is not enough for the least.
TreeMemory MemoryOf(const Plan& plan, const TreeGroup& tree);

}  // namespace skipbench
