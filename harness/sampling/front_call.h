// The inside of the trajectory tree: one scheduler call of a front, in the four steps that trajectory_tree.h names.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "harness/sampling/front.h"
#include "harness/sampling/stepping.h"
#include "harness/sampling/trajectory_tree.h"

namespace skipbench::tree {

class FrontCall {
 public:
  // Refers to everything it is given; counts evaluations into `result`.
  FrontCall(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples, const TreeOptions& options,
            const Needs& needs, std::vector<Walker>* walkers, TreeResult* result)
      : scheduler_(scheduler), denoiser_(denoiser), samples_(samples), options_(options), needs_(needs), walkers_(*walkers),
        result_(*result), stepping_(scheduler, denoiser, samples, options.batch_invariant) {}

  // 1: every walker decides; branches split where decisions part. Copies handles, not tensors.
  void Decide(Front* front);
  // 2 to 4; the front then stands at the next call.
  void Run(Front* front);
  // Errors that were left unlooked at so as not to wait for the device.
  void CheckPending() const;
  // What keep_differences recorded of a call.
  CallTrace TraceOf(const RowRef& sums) const;

 private:
  // A branch in messages, by one of its walkers.
  struct Name {
    int sample, walker;
  };
  struct Pending {
    at::Tensor sums;
    int call;
    std::vector<Name> branches;
  };

  void Split(Front* front, size_t b);
  std::vector<int> CachedBranches(const Branch& branch) const;
  void DropUnusedFeatures(Branch* branch) const;

  void Predict(Front* front);
  void InChunks(const std::vector<int>& list, const std::function<void(std::span<const int>)>& f) const;
  DenoiserInput InputFor(const Front& front, std::span<const int> chunk);
  void PredictFull(Front* front, std::span<const int> chunk);
  void PredictShallow(Front* front, std::span<const int> chunk, int position);
  void Spend(Action action, int position, size_t count);

  void Step(Front* front);

  void Observe(Front* front);
  at::Tensor ErrorSums(const Front& front) const;
  void Show(const Front& front, Walker* walker, const at::Tensor& sums) const;
  static Name NameOf(const Branch& branch);
  void CheckFinite(const at::Tensor& sums, int call, const std::function<Name(int64_t)>& name) const;

  const Scheduler& scheduler_;
  Denoiser& denoiser_;
  const std::vector<TreeSample>& samples_;
  const TreeOptions& options_;
  const Needs& needs_;
  std::vector<Walker>& walkers_;
  TreeResult& result_;
  const Stepping stepping_;
  std::vector<int64_t> sample_of_;          // of the rows of one network call
  std::vector<Pending> pending_;
};

}  // namespace skipbench::tree
