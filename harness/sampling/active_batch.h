// The inside of the trajectory tree: trajectories that go through the scheduler calls together, and how such a batch is
// cut into parts when memory is short. Nothing here calls a network.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "harness/sampling/denoiser.h"
#include "harness/sampling/method.h"
#include "harness/sampling/stepping.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench::tree {

inline constexpr int kMostGuidanceRows = 2;
inline constexpr int kBothRows = -1;

template <typename T>
using PerGuidanceRow = std::array<T, kMostGuidanceRows>;

// A setting on one sample, or on one group of consecutive samples. It stands in one batch at a time.
struct Lane {
  const Method* method = nullptr;
  int setting = 0;
  int first_sample = 0;
  std::vector<int> trajectory;  // of each of its samples: index of its trajectory in the batch
  // One that decides for all guidance rows, or one for each of them.
  std::vector<std::unique_ptr<Policy>> policies;
  GuidanceScope halves = GuidanceScope::kJoint;  // whose rows it sees
  std::vector<Keep> keeps;
  std::vector<PerGuidanceRow<Decision>> decisions;  // of each call; the same for all rows where one policy decides
  std::vector<std::vector<std::optional<ProbeSite>>> probes;  // of each call and policy

  bool decides_apart() const { return policies.size() > 1; }
};

// Rows that full forwards left behind, newest first; rows in dimension 0.
using Ring = std::vector<RowRef>;

// A signal that was probed; rows in dimension 0. The numbers are sums of its magnitudes.
struct Signal {
  RowRef now, previous, computed;  // of this call, of the call before, of the last full forward
  double now_abs = 0, previous_abs = 0, computed_abs = 0;
};

// A probe of this call that a trajectory's forward may go on from.
struct Begun {
  std::shared_ptr<const DenoiserProbe> probe;
  int number = 0;  // of the probe, in its call
  int64_t row = 0;
};

// One trajectory: everything that distinguishes it from its siblings. The tensors stand in blocks shared with others.
struct Trajectory {
  int sample = 0;
  std::vector<int> lanes;  // indices into the tree's lanes
  int64_t row = 0;         // in State
  RowRef model_output;     // last model output, [guidance_rows, m, C, ...], rows in dimension 1
  std::map<CacheSite, PerGuidanceRow<Ring>> rings;
  std::map<CacheSite, PerGuidanceRow<Ring>> inputs;  // with which the outputs in the rings of kOutput, kCalls were made
  std::map<ProbeSite, PerGuidanceRow<Signal>> signals;
  std::map<ProbeSite, PerGuidanceRow<Begun>> begun;  // of the network; until the call has predicted
  std::vector<RowRef> latents;                       // keep_latents; rows in dimension 0
  std::vector<RowRef> predictions;                   // keep_predictions; rows in dimension 1
  std::vector<RowRef> sums;                          // keep_differences; [trajectories, columns] on the host
};

// What all trajectories have between calls, batched [m, C, ...]. Several trajectories stand on one row after a split,
// until they step.
struct State {
  at::Tensor latent;
  SchedulerState scheduler;
  std::vector<at::Tensor> past_latents;  // x_{i}, x_{i-1}, ...: newest first, without the initial noise
  std::vector<at::Tensor> past_predictions;
};

// Rows of every tensor, in the order given; nothing is copied when that is all rows in order.
void Select(State* state, const std::vector<int64_t>& rows);

struct ActiveBatch {
  int call = 0;           // the next one
  bool decided = false;   // the lanes have decided for it, and the trajectories are split by that
  at::Tensor unobserved;  // sums of the last call that the lanes have not been shown yet
  std::vector<int> lanes;
  std::vector<Trajectory> trajectories;
  State state;

  int64_t rows() const;  // rows of State that its trajectories stand on: what it holds in memory
};

// Trajectories that have to stay together: a group's lane needs all of its samples. `weight` counts the (lane, sample)
// pairs, the most trajectories the unit can still become.
struct Unit {
  std::vector<int> trajectories;
  int64_t weight = 0;
  // The most rows it ever holds at once when it is run depth-first, lightest parts first: see StatesAtLeast.
  int64_t need() const;
};

// The units of a batch, lightest first.
std::vector<Unit> UnitsOf(const ActiveBatch& batch, const std::vector<Lane>& lanes);

// Takes the given trajectories, with their lanes and rows of state, out of `rest`.
ActiveBatch Take(ActiveBatch* rest, const std::vector<int>& trajectories, std::vector<Lane>* lanes);

// Last outputs and features stand in the blocks that the network returned, which live as long as one of their rows
// does. Copies what is used out of the blocks that are used in part.
void Compact(ActiveBatch* batch);

// `rows` trajectories run together (1, or a group's samples) that may become `weight` ones. When they part, all parts
// still stand on the same rows; the lightest part, at most half of the weight, runs to its end while the others wait on
// those rows, and then the next. So f(w) <= rows + f(w / 2), and never more than w.
int64_t StatesAtLeast(int64_t rows, int64_t weight);

}  // namespace skipbench::tree
