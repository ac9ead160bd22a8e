// Runs many settings over the same samples as one tree per sample: settings that have decided alike so far share one
// trajectory, so every distinct (sample, decision prefix) is predicted exactly once.
//
// All trajectories of a wave go through the scheduler calls together. A call:
//   1 what policies want to look at is probed; every lane (a setting on a sample, or on a group of samples) observes
//   and
//     decides; trajectories split where decisions part
//   2 the trajectories that predict are gathered into chunks for the network, and so are shallow forwards; weighted
//   sums
//     of earlier outputs are made
//   3 guidance and one scheduler step for all trajectories at once
//   4 the criterion's sums for all trajectories in one pass; they go to the host with what is probed next, in one copy
// Splitting copies row numbers, not tensors. Sharing changes the cost, not the results.
//
// Where memory is short (TreeOptions::max_states), fewer samples run at a time, and in the end the trajectories of one
// sample one after the other, depth-first: the same evaluations in smaller batches. active_batch.h says how.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "harness/sampling/denoiser.h"
#include "harness/sampling/method.h"
#include "harness/sampling/stepping.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

struct TreeOptions {
  int64_t batch_size = 16;               // trajectories per network call (before guidance doubles them), >= 1
  bool batch_invariant = false;          // one trajectory per network call and per scheduler step: bit-identical
                                         // results for any batch
  int64_t group_size = 1;                // consecutive samples that a Scope::kGroup setting decides for together
  bool keep_latents = false;             // record x_T and the latent after every call
  bool keep_predictions = false;         // record the model output behind every call
  bool keep_differences = false;         // record CallTrace for every call
  int reference = -1;                    // setting whose trajectory CallTrace's errors are measured from; -1: none
  int64_t max_states = 0;                // most trajectories that are open (hold latents, outputs, features) at a
                                         // time, NeedsOfTree().at_least or more; 0: no bound
  std::string model;                     // RunShape::model
  std::function<void(double)> progress;  // after each call: the part of the tree that is done, up to 1; may be empty
};

// What one call of one sample's trajectory looked like. Sums are over the C*H*W elements of the sample, float64.
struct CallTrace {
  DifferenceSums latent;        // of x_call, the latent after the call; NaN where the trajectory is too short
  DifferenceSums prediction;    // of the guided prediction that the call used
  double error_square = 0;      // sum (x_call - reference's x_call)^2; NaN without a reference
  double reference_square = 0;  // sum (reference's x_call)^2
};

// What became of one setting on one sample.
struct TrajectoryRecord {
  std::vector<Decision> decisions;      // [calls]; of the conditional row, where rows decide apart
  std::vector<Decision> unconditional;  // [calls] of the unconditional row where rows decide apart; else empty
  MacCount macs;                        // of all that this setting asked of the network for this sample
  at::Tensor final_latent;              // [C, ...], on the run's device
  Trace trace;                          // what the policy wanted recorded
  std::vector<at::Tensor> latents;      // keep_latents: calls + 1 tensors [C, ...]: the scaled initial noise first
  std::vector<at::Tensor> predictions;  // keep_predictions: calls tensors [guidance_rows, C, ...]
  std::vector<CallTrace> calls;         // keep_differences: [calls]
};

struct TreeResult {
  std::vector<std::vector<TrajectoryRecord>> records;  // [setting][sample]
  int64_t full_evaluations = 0;  // full predictions made, of one sample each (a guided pair is one), rounded up
  int64_t shallow_evaluations = 0;
  MacCount macs;            // spent on them
  int64_t peak_states = 0;  // most trajectories that were open at a time
};

// How many trajectories are open at a time.
struct TreeNeeds {
  int64_t unit_samples = 1;  // samples that cannot be separated: a group, where a setting decides by group
  int64_t side_by_side = 0;  // all settings on that many samples, in one go
  int64_t at_least = 0;      // depth-first: TreeOptions::max_states cannot be less
};
TreeNeeds NeedsOfTree(const std::vector<const Method*>& settings, const TreeOptions& options);

// Runs `settings` (whose Plan() is this scheduler's) on `samples`. Latents have
// shape `latent_shape` [C, ...] and live on `device` in `dtype`. Throws Error for a policy that breaks the rules (no
// full prediction at call 0, a shallow forward without features) and for latents that are not finite (naming sample,
// call and setting), and for max_states below what the tree needs.
TreeResult RunTree(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
                   const std::vector<const Method*>& settings, at::IntArrayRef latent_shape, at::ScalarType dtype,
                   at::Device device, const TreeOptions& options);

// The shape of a run as methods see it; `model` is what measured constants belong to.
RunShape ShapeOf(const Scheduler& scheduler, const NetworkAbilities& network, int guidance_rows,
                 const std::string& model = {}, at::ScalarType dtype = at::kFloat);

// A decision as the results record it: "predict", "reuse", "combine", "shallow(2)".
std::string ToString(const Decision& decision);
std::string ToString(const CacheSite& site);

}  // namespace skipbench
