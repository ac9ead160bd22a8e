// One scheduler call for rows of trajectories, whoever runs them: what the network is given, and guidance and the
// scheduler step behind its output. The trajectory tree and the searches' evaluator both go through here, so that a
// path costs and ends the same in either.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "harness/runtime/noise.h"
#include "harness/sampling/denoiser.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// A row of a batched tensor, by handle. A trajectory's state is a row in a batch; it is copied only when a batch has to
// be put together from rows that do not already stand side by side.
struct RowRef {
  at::Tensor block;  // [..., m, ...]; which dimension holds the rows is agreed between writer and reader
  int64_t row = 0;

  at::Tensor Select(int64_t dim) const { return block.select(dim, row); }
};

// The rows side by side along `dim`, in the order given. No copy when they are consecutive rows of one block (the whole
// block or a narrow view comes back); otherwise one index_select per block and one cat.
at::Tensor GatherRows(std::span<const RowRef> rows, int64_t dim);

struct TreeSample {
  int64_t id = 0;                // for messages
  NoiseStream* noise = nullptr;  // opened with the latent's shape
  // Its place among the samples whose conditioning the denoiser has; -1: its place among the samples that are run.
  int64_t conditioning = -1;
};

class Stepping {
 public:
  // Refers to everything it is given. `batch_invariant`: one row per scheduler step, for bit-identical results in any
  // batch.
  Stepping(const Scheduler& scheduler, const Denoiser& denoiser, const std::vector<TreeSample>& samples,
           bool batch_invariant)
      : scheduler_(scheduler), denoiser_(denoiser), samples_(samples), batch_invariant_(batch_invariant) {}

  // `latents`: rows in dimension 0. `sample_of` [n]: index of each row's sample; the input refers to `conditioning`,
  // which is filled.
  DenoiserInput Input(std::span<const RowRef> latents, std::span<const int64_t> sample_of, int call,
                      std::vector<int64_t>* conditioning) const;

  struct Stepped {
    at::Tensor guided;  // the prediction that the scheduler was given, [n, C, ...]
    at::Tensor latent;  // after the call
    SchedulerState scheduler;
  };
  // latent [n, C, ...] before the call, `before` its scheduler state, `model_output` each row's last output (rows in
  // dimension 1).
  Stepped Step(const at::Tensor& latent, const SchedulerState& before, std::span<const RowRef> model_output,
               std::span<const int64_t> sample_of, int call) const;

 private:
  at::Tensor Noise(std::span<const int64_t> sample_of, int call, at::Device device) const;
  Stepped RowByRow(const at::Tensor& latent, const SchedulerState& before, std::span<const RowRef> model_output,
                   const at::Tensor& noise, int call) const;

  const Scheduler& scheduler_;
  const Denoiser& denoiser_;
  const std::vector<TreeSample>& samples_;
  const bool batch_invariant_;
};

}  // namespace skipbench
