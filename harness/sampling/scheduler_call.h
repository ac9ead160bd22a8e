// The inside of the trajectory tree: one scheduler call of a batch, in the four steps that trajectory_tree.h names.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

#include "harness/sampling/active_batch.h"
#include "harness/sampling/stepping.h"
#include "harness/sampling/trajectory_tree.h"

namespace skipbench::tree {

class SchedulerCall {
 public:
  // Refers to everything it is given; counts evaluations into `result`.
  SchedulerCall(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
                const TreeOptions& options, const Needs& needs, std::vector<Lane>* lanes, TreeResult* result)
      : scheduler_(scheduler),
        denoiser_(denoiser),
        samples_(samples),
        options_(options),
        needs_(needs),
        lanes_(*lanes),
        result_(*result),
        stepping_(scheduler, denoiser, samples, options.batch_invariant) {}

  // 1: every lane decides; trajectories split where decisions part. Copies handles, not tensors.
  void Decide(ActiveBatch* batch);
  // 2 to 4; the batch then stands at the next call.
  void Run(ActiveBatch* batch);
  // Errors that were left unlooked at so as not to wait for the device.
  void CheckPending() const;
  // What keep_differences recorded of a call.
  CallTrace TraceOf(const RowRef& sums) const;

 private:
  // A trajectory in messages, by one of its lanes.
  struct Name {
    int sample, lane;
  };
  struct Pending {
    at::Tensor sums;
    int call;
    std::vector<Name> trajectories;
  };

  void Split(ActiveBatch* batch, size_t b);
  std::vector<int> CachePositions(const Trajectory& trajectory) const;
  void DropUnusedFeatures(Trajectory* trajectory) const;

  void Predict(ActiveBatch* batch);
  DenoiserInput InputFor(const ActiveBatch& batch, std::span<const int> chunk);
  void PredictFull(ActiveBatch* batch, std::span<const int> chunk);
  void PredictShallow(ActiveBatch* batch, std::span<const int> chunk, int position);

  void Step(ActiveBatch* batch);

  void Observe(ActiveBatch* batch);
  at::Tensor ErrorSums(const ActiveBatch& batch) const;
  void ShowTo(const ActiveBatch& batch, Lane* lane, const at::Tensor& sums) const;
  void CheckFinite(const at::Tensor& sums, int call, const std::function<Name(int64_t)>& name) const;

  const Scheduler& scheduler_;
  Denoiser& denoiser_;
  const std::vector<TreeSample>& samples_;
  const TreeOptions& options_;
  const Needs& needs_;
  std::vector<Lane>& lanes_;
  TreeResult& result_;
  const Stepping stepping_;
  std::vector<int64_t> conditioning_;  // of the rows of one network call
  std::vector<Pending> pending_;
};

}  // namespace skipbench::tree
