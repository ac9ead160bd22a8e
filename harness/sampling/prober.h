// The inside of the trajectory tree: what is looked at before a call decides.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/sampling/call_context.h"

namespace skipbench::tree {

class Prober {
 public:
  // Refers to `context`.
  explicit Prober(const CallContext& context) : c_(context) {}

  // Runs what the lanes' probes of this call ask for; every signal once for a trajectory. Sums, float64
  // [signals, columns], on the device; undefined: nobody looks.
  at::Tensor Run(ActiveBatch* batch);
  // The same sums on the host: notes them in the signals, and shows them to the policies.
  void Show(ActiveBatch* batch, const at::Tensor& sums);

 private:
  struct Row {  // of the sums
    int trajectory = 0, guidance_row = 0;
    ProbeSite site;
    int64_t elements = 0;
  };

  using Places = std::map<std::tuple<int, int, ProbeSite>, size_t>;  // trajectory, guidance row, site -> row of sums

  std::map<ProbeSite, std::vector<int>> Wanted(const ActiveBatch& batch) const;
  // This call's signal, for every view of it that is asked for: in its own type, or in that of the network's numbers.
  void Note(ActiveBatch* batch, int b, const ProbeSite& site, int guidance_row, const RowRef& exact,
            const at::Tensor& rounded);
  void RunNetwork(ActiveBatch* batch, const ProbeSite& site, std::span<const int> chunk, int guidance_row);
  void TakeInput(ActiveBatch* batch, const ProbeSite& site, const std::vector<int>& trajectories);
  at::Tensor Sums(const ActiveBatch& batch, const ProbeSite& site, const std::vector<int>& trajectories, int row);
  ProbeSums SumsFor(const ActiveBatch& batch, const Lane& lane, int policy, const ProbeSite& site, const Places& places,
                    const double* data) const;

  const CallContext& c_;
  std::vector<Row> rows_;
  std::map<std::pair<int, ProbeSite>, std::vector<ProbeSite>> views_;  // of a trajectory's whole signal
  std::vector<int64_t> conditioning_;
  int probes_ = 0;
};

// The guidance rows that a policy of the lane sees: [first, end).
std::pair<int, int> GuidanceRowsOf(const Lane& lane, int policy, int guidance_rows);

}  // namespace skipbench::tree
