// Skips where the finite difference of order one, two or three of the latents is small: what the third-order criterion
// of AdaptiveDiffusion has to beat. README.md in this folder says where each formula comes from.
//
// x_i is the latent after call i (the initial noise does not count), D_i = x_i - x_{i-1}. Warm-up and cap are those of
// adaptive_diffusion (skip_limits.h). After call i >= 3 the network predicts in call i + 1 iff
//   order 1   ||D_i||                                 >= delta ||x_{i-1}||
//   order 2   ||D_i - D_{i-1}||                       >= delta ||D_{i-1}||
//   order 3   ||x_i - 3 x_{i-1} + 3 x_{i-2} - x_{i-3}|| >= delta ||D_{i-1}||  (the paper's)
// The norm goes over one sample (scope "sample") or over a group of consecutive samples (scope "group").
//
// Trace, one value a call, NaN where there is none; entry i belongs to the decision for call i + 1: "criterion",
// "threshold" (the two sides above), "forced" (1: by the cap).
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
