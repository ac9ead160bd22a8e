// The inside of the trajectory tree: one scheduler call of a batch, in the four steps that trajectory_tree.h names.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

#include "harness/sampling/call_context.h"
#include "harness/sampling/predictor.h"
#include "harness/sampling/prober.h"

namespace skipbench::tree {

class SchedulerCall {
 public:
  // Refers to `context`.
  explicit SchedulerCall(const CallContext& context) : c_(context), prober_(context), predictor_(context) {}

  // 1: the last call is observed, what policies ask for is looked at, in one copy to the host with the sums of the last
  // call; every lane decides; trajectories split where decisions part, which copies handles, not tensors.
  void Decide(ActiveBatch* batch);
  // 2 to 4; the batch then stands at the next call.
  void Run(ActiveBatch* batch);
  // The last call of a run is observed.
  void Finish(ActiveBatch* batch);
  // Cost of all that a lane had the network do for one sample.
  MacCount MacsOf(const Lane& lane) const;
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

  // Columns of a row of sums, by what is needed.
  struct Columns {
    int prediction = 0, output = 0, products = 0, errors = 0, all = 0;
  };
  Columns ColumnsOf() const;

  void Split(ActiveBatch* batch, size_t b);
  void Step(ActiveBatch* batch);
  void Remember(ActiveBatch* batch);

  void Sum(ActiveBatch* batch);
  at::Tensor OutputSumsOf(const ActiveBatch& batch) const;
  at::Tensor ProductsOf(const State& state) const;
  at::Tensor ErrorSums(const ActiveBatch& batch) const;
  void Observe(ActiveBatch* batch, const at::Tensor& sums);
  void ShowTo(const ActiveBatch& batch, Lane* lane, int policy, const at::Tensor& sums) const;
  void CheckFinite(const at::Tensor& sums, int call, const std::function<Name(int64_t)>& name) const;

  const CallContext& c_;
  Prober prober_;
  Predictor predictor_;
  std::vector<Pending> pending_;
};

}  // namespace skipbench::tree
