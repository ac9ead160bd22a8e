// The inside of the trajectory tree: what everything that works on a scheduler call refers to.
#pragma once

#include <span>
#include <vector>

#include "harness/base/even_batches.h"
#include "harness/sampling/active_batch.h"
#include "harness/sampling/stepping.h"
#include "harness/sampling/trajectory_tree.h"

namespace skipbench::tree {

struct CallContext {
  const Scheduler& scheduler;
  Denoiser& denoiser;
  const std::vector<TreeSample>& samples;
  const TreeOptions& options;
  const RunShape& run;
  const Needs& needs;
  std::vector<Lane>& lanes;
  TreeResult& result;  // what is spent is counted here
  const Stepping stepping;

  int guidance_rows() const { return run.guidance_rows; }

  // Whether guidance rows of a trajectory may part: the network then runs each of them for itself.
  bool Apart(const Trajectory& trajectory) const {
    for (int w : trajectory.lanes)
      if (lanes[w].decides_apart()) return true;
    return false;
  }

  // What the trajectories `chunk` give the network; refers to `conditioning`, which is filled.
  DenoiserInput InputFor(const ActiveBatch& batch, std::span<const int> chunk,
                         std::vector<int64_t>* conditioning) const {
    std::vector<RowRef> rows;
    std::vector<int64_t> sample_of;
    for (int b : chunk) {
      rows.push_back({batch.state.latent, batch.trajectories[b].row});
      sample_of.push_back(batch.trajectories[b].sample);
    }
    return stepping.Input(rows, sample_of, batch.call, conditioning);
  }

  // Calls run(chunk) for stretches of `trajectories` that the network takes at once.
  template <typename Run>
  void InChunks(const std::vector<int>& trajectories, const Run& run_chunk) const {
    EvenBatches(std::span<const int>(trajectories),
                options.batch_invariant ? 1 : static_cast<size_t>(options.batch_size), run_chunk);
  }
};

}  // namespace skipbench::tree
