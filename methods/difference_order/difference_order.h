// Skips where the finite difference of order one, two or three of the latents is small: what the third-order criterion
// of AdaptiveDiffusion has to beat. README.md has the rules and where they come from; warm-up, cap and trace are those
// of skip_limits.h.
#pragma once

#include "methods/catalog.h"

namespace skipbench {

struct DifferenceOrderOptions {
  enum class Norm { kMeanAbs, kL2 };
  int order = 3;
  double delta = 0;
  int max_skips = 4;
  Norm norm = Norm::kMeanAbs;
  Scope scope = Scope::kSample;
};

std::unique_ptr<Method> MakeDifferenceOrder(const DifferenceOrderOptions& options);
MethodType DifferenceOrderType();

}  // namespace skipbench
