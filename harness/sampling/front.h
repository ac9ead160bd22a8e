// The inside of the trajectory tree: trajectories that go through the scheduler calls together, and how such a front is cut
// into parts when memory is short. Nothing here calls a network.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <vector>

#include "harness/sampling/method.h"
#include "harness/sampling/rows.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench::tree {

// A setting on one sample, or on one group of consecutive samples. It stands in one front at a time.
struct Walker {
  const Method* method = nullptr;
  int setting = 0;
  int first_sample = 0;
  std::vector<int> branch;              // of each of its samples: index of its branch in the front
  std::unique_ptr<Policy> policy;
  std::vector<int> cached_branches;     // DeepCache positions it may ask for
  std::vector<Decision> decisions;
};

// One trajectory: everything that distinguishes it from its siblings. The tensors stand in blocks shared with others.
struct Branch {
  int sample = 0;
  std::vector<int> walkers;             // indices into the tree's walkers
  int64_t row = 0;                      // in State
  RowRef raw;                           // last raw output, [halves, m, C, ...], rows in dimension 1
  std::map<int, RowRef> features;       // DeepCache position -> cached features, rows in dimension 1
  std::vector<RowRef> latents;          // keep_latents; rows in dimension 0
  std::vector<RowRef> predictions;      // keep_predictions; rows in dimension 1
  std::vector<RowRef> sums;             // keep_differences; [branches, columns] on the host
};

// What all branches have between calls, batched [m, C, ...]. Several branches stand on one row after a split, until they step.
struct State {
  at::Tensor latent;
  SchedulerState scheduler;
  std::vector<at::Tensor> past_latents;       // x_{i}, x_{i-1}, ...: newest first, without the initial noise
  std::vector<at::Tensor> past_predictions;
};

// Rows of every tensor, in the order given; nothing is copied when that is all rows in order.
void Select(State* state, const std::vector<int64_t>& rows);

struct Front {
  int call = 0;                         // the next one
  bool decided = false;                 // the walkers have decided for it, and the branches are split by that
  std::vector<int> walkers;
  std::vector<Branch> branches;
  State state;

  int64_t rows() const;                 // rows of State that its branches stand on: what it holds in memory
};

// Branches that have to stay together: a group's walker needs all of its samples. `weight` counts the (walker, sample) pairs,
// the most trajectories the unit can still become.
struct Unit {
  std::vector<int> branches;
  int64_t weight = 0;
  // The most rows it ever holds at once when it is run depth-first, lightest parts first: see StatesAtLeast.
  int64_t need() const;
};

// The units of a front, lightest first.
std::vector<Unit> UnitsOf(const Front& front, const std::vector<Walker>& walkers);

// Takes the given branches, with their walkers and rows of state, out of `rest`.
Front Take(Front* rest, const std::vector<int>& branches, std::vector<Walker>* walkers);

// Last outputs and features stand in the blocks that the network returned, which live as long as one of their rows does.
// Copies what is used out of the blocks that are used in part.
void Compact(Front* front);

// `rows` trajectories run together (1, or a group's samples) that may become `weight` ones. When they part, all parts still stand
// on the same rows; the lightest part, at most half of the weight, runs to its end while the others wait on those rows, and
// then the next. So f(w) <= rows + f(w / 2), and never more than w.
int64_t StatesAtLeast(int64_t rows, int64_t weight);

}  // namespace skipbench::tree
