// One scheduler call for rows of trajectories, whoever runs them: what the network is given, and guidance and the
// scheduler step behind its output. The trajectory tree and the searches' evaluator both go through here, so that a
// path costs and ends the same in either.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "harness/runtime/noise.h"
#include "harness/sampling/denoiser.h"
#include "harness/sampling/tensor_rows.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

struct TreeSample {
  int64_t id = 0;                // for messages
  NoiseStream* noise = nullptr;  // opened with the latent's shape
};

class Stepping {
 public:
  // Refers to everything it is given. `batch_invariant`: one row per scheduler step, for bit-identical results in any
  // batch.
  Stepping(const Scheduler& scheduler, const Denoiser& denoiser, const std::vector<TreeSample>& samples,
           bool batch_invariant)
      : scheduler_(scheduler), denoiser_(denoiser), samples_(samples), batch_invariant_(batch_invariant) {}

  // `latents`: rows in dimension 0. `sample_of` [n]: index of each row's sample; the input refers to it.
  DenoiserInput Input(std::span<const RowRef> latents, std::span<const int64_t> sample_of, int call) const;

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
