// SeaCache's view of a latent: its frequencies weighted as a denoiser of natural images would (diffusers 0.42.1,
// hooks/sea_cache.py).
#pragma once

#include <ATen/core/Tensor.h>

namespace skipbench {

// x [n, C, ...] with one axis (or more) of space or time behind the channels -> the same in float32. Over every such
// axis, with frequencies f in cycles a sample and sigma clamped to [1e-6, 1 - 1e-6], of x = (1 - sigma) x_0 + sigma
// noise:
//   P = 1 / (|f|^power + 1e-16),  g = (1 - sigma) P / ((1 - sigma)^2 P + sigma^2 + 1e-16)
// The product of the axes' g, divided by its mean, multiplies the Fourier transform.
at::Tensor FilterFrequencies(const at::Tensor& x, double sigma, double power);

}  // namespace skipbench
