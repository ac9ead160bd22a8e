// The inside of the trajectory tree: what the trajectories' decisions make of the network, and what is kept of it.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <tuple>
#include <vector>

#include "harness/sampling/call_context.h"
#include "harness/sampling/weighted_rows.h"

namespace skipbench::tree {

class Predictor {
 public:
  // Refers to `context`.
  explicit Predictor(const CallContext& context) : c_(context) {}

  // Forwards in chunks and weighted sums; every trajectory then has this call's output.
  void Run(ActiveBatch* batch);

  // What the lanes of a trajectory may still ask for.
  std::map<CacheSite, int> Wanted(const Trajectory& trajectory) const;  // depth of each ring
  void DropUnused(Trajectory* trajectory) const;

 private:
  // Trajectories with the same job run together.
  struct Job {
    Action action;
    CacheSite site;
    int guidance_row;  // kBothRows or one
    int probe;         // number of the one that it goes on from; -1: none
    friend auto operator<=>(const Job&, const Job&) = default;
  };
  struct Jobs {
    std::vector<int> trajectories;
    std::shared_ptr<const DenoiserProbe> from;
    std::optional<ProbeSite> probe;
    std::vector<int64_t> from_rows;
  };

  const Decision& DecisionOf(const ActiveBatch& batch, const Trajectory& trajectory, int guidance_row) const;
  void Plan(const ActiveBatch& batch, int b, std::map<Job, Jobs>* jobs);
  void Forward(ActiveBatch* batch, const Job& job, const Jobs& all, size_t begin, std::span<const int> chunk);
  // What one trajectory's decision is made of.
  struct Source {
    const Decision* decision;
    const Ring* kept;
    const Ring* inputs = nullptr;  // kCombine
    RowRef now = {};               // this call's input
  };
  // The sums that the decisions ask for, [n, ...]; `memory`, if defined, may be taken for them.
  static at::Tensor SumsOf(const std::vector<Source>& sources, const at::Tensor& memory);
  static at::Tensor WeightedSumsOf(const std::vector<Source>& sources, const at::Tensor& memory);
  at::Tensor Cached(const ActiveBatch& batch, const Job& job, std::span<const int> chunk);
  // Memory of the sums of one partial forward, [rows, n, ...], which the next one of the same size takes again: of the
  // modules of a large network the system takes longer to clear new memory than the sums to be made.
  const at::Tensor& MemoryFor(const at::Tensor& block, int64_t count, int rows);
  void Keep(ActiveBatch* batch, int b, int row, int64_t place, const at::Tensor& input, const at::Tensor& output,
            const std::map<CacheSite, at::Tensor>& kept);
  void KeepCalls(ActiveBatch* batch);
  void Combine(ActiveBatch* batch);
  void Assemble(ActiveBatch* batch);
  // All guidance rows, or the one.
  std::pair<int, int> RowsOf(int guidance_row) const;

  const CallContext& c_;
  std::vector<PerGuidanceRow<RowRef>> made_;  // outputs of single guidance rows, of each trajectory
  at::Tensor memory_;
  std::vector<int64_t> conditioning_;
  int64_t full_rows_ = 0, shallow_rows_ = 0;
};

}  // namespace skipbench::tree
