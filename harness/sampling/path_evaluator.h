// Answers a search's questions with the network: runs paths as a tree per sample, so that every (sample, decision
// prefix) that is not known yet is predicted once, in batches over paths and samples.
//
// The states along the paths of one call of Errors() are kept for the next one. A greedy round asks for the current
// path with one more skip, in every place: its candidates depart from states that are there, and those that depart
// before the last chosen skip follow the last round's candidates up to it. So a greedy search predicts every distinct
// (sample, decision prefix) exactly once, as long as memory allows.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/sampling/search.h"
#include "harness/sampling/stepping.h"

namespace skipbench {

struct PathEvaluatorOptions {
  int64_t batch_size = 16;       // trajectories per network call (before guidance doubles them), >= 1
  bool batch_invariant = false;  // one trajectory per network call and scheduler step
  // States kept between calls, in bytes. With less than a search wants, queries are answered in smaller portions and
  // prefixes that had to be forgotten are predicted again; the errors are the same.
  int64_t memory_bytes = int64_t{1} << 30;
  // After each portion: what is known now. A search's progress is stored here.
  std::function<void(std::span<const PathQuery> queries, std::span<const double> errors)> answered;
  std::function<void(double paths)>
      progress;  // after each scheduler call: how many paths' worth of the portion is done; may be empty
};

struct PathEvaluatorCost {
  int64_t evaluations = 0;        // predictions made, of one sample each (a guided pair is one)
  int64_t naive_evaluations = 0;  // what the paths asked for would take one by one
  int64_t paths = 0;              // asked for
  double seconds = 0;             // of all of it
};

class PathEvaluator : public TrajectoryEvaluator {
 public:
  // As RunTree's arguments (trajectory_tree.h), whose latents have the noise's shape; all of them must outlive the
  // evaluator.
  PathEvaluator(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
                at::ScalarType dtype, at::Device device, PathEvaluatorOptions options);

  int samples() const override { return static_cast<int>(samples_.size()); }
  int calls() const override { return scheduler_.calls(); }
  // Throws Error for a mask of the wrong length or that skips call 0, and when a full path's latent is not finite.
  std::vector<double> Errors(std::span<const PathQuery> queries) override;

  const PathEvaluatorCost& cost() const { return cost_; }
  // L2 norm of each sample's full final latent. Runs the full paths if that was not done yet.
  std::vector<double> FullNorms();

 private:
  // What a row of several trajectories is after a number of calls.
  struct Block {
    at::Tensor latent;                // [n, C, ...]
    std::vector<at::Tensor> history;  // the scheduler's, [n, C, ...]
  };
  struct State {
    std::shared_ptr<const Block> block;
    int64_t row = 0;
    RowRef model_output;  // last model output, [guidance_rows, n, C, ...], rows in dimension 1
  };
  // A query on its way through the calls.
  struct Traveller {
    const PathQuery* query = nullptr;
    size_t place = 0;  // in the answers
    int depth = 0;     // calls behind `state`
    State state;
  };
  // A state to be computed, for all travellers that share it.
  struct Child {
    int sample = 0;
    bool predict = false;
    State state;  // the parent's, then its own
    std::vector<Traveller*> travellers;
  };

  void RequireValid(const PathQuery& query) const;
  void RunFullPaths();
  std::vector<Traveller> Resume(std::span<const PathQuery> queries, std::span<const size_t> order) const;
  size_t TakePortion(std::span<const Traveller> travellers, int64_t limit) const;
  void KeepOnly(std::span<Traveller> travellers, bool starts_only);
  void Walk(std::span<Traveller> travellers, std::vector<double>* errors);
  std::vector<Child> NextChildren(std::span<Traveller> travellers, int call) const;
  void Predict(std::vector<Child>& children, int call);
  void Step(std::span<Child> children, int call);
  void Arrive(std::span<Child> children, int call, std::vector<double>* errors);
  int64_t HeldStates() const;
  int64_t StateBytes() const;

  const Scheduler& scheduler_;
  Denoiser& denoiser_;
  const std::vector<TreeSample>& samples_;
  const Stepping stepping_;
  const at::ScalarType dtype_;
  const at::Device device_;
  const PathEvaluatorOptions options_;
  std::vector<std::unordered_map<std::string, State>> states_;  // [sample]: decisions so far -> state after them
  std::shared_ptr<const Block> root_;                           // every sample's initial noise
  std::vector<at::Tensor> full_;  // [sample]: final latent of the full path, float64 on the CPU
  size_t history_tensors_ = 0;    // most that the scheduler keeps
  PathEvaluatorCost cost_;
};

}  // namespace skipbench
