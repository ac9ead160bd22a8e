// The sampler on one screen: one setting on one sample, call by call, with no sharing, no batches and no bound on
// memory. What RunTree and PathEvaluator may do in other orders and larger batches must equal this, and their tests
// compare them with it.
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/sampling/denoiser.h"
#include "harness/sampling/method.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

// Runs `method` on `sample`, whose conditioning has the index `conditioning`; the other arguments are RunTree's.
// The record holds all latents and predictions, and no CallTrace.
TrajectoryRecord RunReferenceLoop(const Scheduler& scheduler, Denoiser& denoiser, const TreeSample& sample,
                                  int64_t conditioning, const Method& method, at::ScalarType dtype, at::Device device);

}  // namespace skipbench
