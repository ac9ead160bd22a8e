// AdaptiveDiffusion: skip the noise prediction where the third-order difference of the latents is small; the scheduler
// always steps (Ye et al., "Training-Free Adaptive Diffusion with Bounded Difference Approximation Strategy", NeurIPS
// 2024). README.md has both criteria; warm-up and cap are those of skip_limits.h.
//
// Trace, one value a call, NaN where there is none; entry i belongs to the decision made after call i, for call i + 1:
// that of SkipPolicy, and "difference": the norm of the step x_i - x_{i-1}.
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
