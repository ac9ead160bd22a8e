// AdaptiveDiffusion: skip the noise prediction where the third-order difference of the latents is small; the scheduler
// always steps (Ye et al., "Training-Free Adaptive Diffusion with Bounded Difference Approximation Strategy", NeurIPS
// 2024).
//
// x_i is the latent after call i, i = 0, 1, ...; the initial noise does not count. The warm-up and the cap are those of
// skip_limits.h; otherwise, by criterion,
//   published   skip iff |(d_i + d_{i-2})/2 - d_{i-1}| <= delta d_{i-1},  d_i = mean |x_i - x_{i-1}|   (released code)
//   tensor      predict iff ||x_i - 3 x_{i-1} + 3 x_{i-2} - x_{i-3}|| >= delta ||x_{i-1} - x_{i-2}||     (the paper's)
// The mean or norm goes over one sample (scope "sample") or over a group of consecutive samples (scope "group", as
// released).
//
// Trace, one value a call, NaN where there is none; entry i belongs to the decision made after call i, for call i + 1:
// "criterion", "threshold" (the two sides above), "difference" (d_i, or the norm of x_i - x_{i-1}), "forced" (1: by the
// cap).
#pragma once

#include "methods/catalog.h"

namespace skipbench {

struct AdaptiveDiffusionOptions {
  enum class Criterion { kPublished, kTensor };
  enum class Norm { kMeanAbs, kL2 };  // of the tensor criterion
  double delta = 0.01;
  int max_skips = 4;
  Criterion criterion = Criterion::kPublished;
  Norm norm = Norm::kMeanAbs;
  Scope scope = Scope::kSample;
};

std::unique_ptr<Method> MakeAdaptiveDiffusion(const AdaptiveDiffusionOptions& options);
MethodType AdaptiveDiffusionType();

}  // namespace skipbench
