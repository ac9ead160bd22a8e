// The sums a skipping criterion is made of, in one pass over the latents, for all samples of a batch at once.
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/base/cache_site.h"

namespace skipbench {

// Columns of the result.
enum DifferenceColumn : int {
  kAbs1 = 0,
  kSquare1 = 1,  // order 1: x_i - x_{i-1}
  kAbs2 = 2,
  kSquare2 = 3,  // order 2: x_i - 2 x_{i-1} + x_{i-2}
  kAbs3 = 4,
  kSquare3 = 5,  // order 3: x_i - 3 x_{i-1} + 3 x_{i-2} - x_{i-3}
  kSelfAbs = 6,
  kSelfSquare = 7,  // x_i itself
  kDifferenceColumns = 8,
};

// `history`    x_i, x_{i-1}, x_{i-2}, x_{i-3}: one to four tensors [n, ...], newest first, of the same shape, floating
// type
//              and device.
// `max_order`  0..3: differences of a higher order are not computed.
// Returns float64 [n, 8] on the same device, columns as above: sums over a row's elements of |difference| and
// difference^2, computed and added up in float64. Orders above max_order, or for which the history is too short, are
// NaN. NaN and infinity in a row propagate into that row's sums: a finite kSelfAbs means a finite latent.
//
// A row's sums depend on that row alone, bit by bit: neither on the number of rows, nor on threads, nor on the
// processor's instruction set. The device is not waited for.
at::Tensor ComputeDifferenceSums(at::TensorList history, int max_order);

// What `view` leaves of rows [n, ...].
at::Tensor ViewOf(const at::Tensor& rows, const SumView& view);

// As ComputeDifferenceSums({now, then}, 1) of what `view` leaves of both; with rounded differences kAbs1 is of those.
at::Tensor ComputeChangeSums(const at::Tensor& now, const at::Tensor& then, const SumView& view);

// Whether this build has the fused CUDA kernel; without it, a GPU computes the same by LibTorch's operators.
bool HasDifferenceSumsKernel();

}  // namespace skipbench
