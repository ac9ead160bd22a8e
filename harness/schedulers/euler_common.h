// What EulerDiscreteScheduler and EulerAncestralDiscreteScheduler share. Their latents are x = x0 + σ ε.
#pragma once

#include <vector>

#include "harness/schedulers/prediction.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {

// x + dt · d = x · sample + output · model_output.
struct EulerWeights {
  double x = 1;
  double output = 0;
};
// d = (x − x0)/σ (Karras et al. 2022, arXiv 2206.00364, algorithm 2), x0 from the prediction at x/sqrt(σ² + 1).
EulerWeights EulerStep(Prediction prediction, double sigma, double dt);

// One Euler step, in float32 as in diffusers; the result has the sample's type.
at::Tensor TakeEulerStep(const EulerWeights& weights, const at::Tensor& sample, const at::Tensor& model_output);

// Timesteps of the Euler family, descending: float32, fractional with "linspace".
std::vector<double> EulerTimesteps(const Spacing& spacing, int train, int steps);

// sqrt(σ² + 1): what the network's input is divided by.
double InputScale(float sigma);

// Standard deviation of the initial latent; with "leading" spacing the first σ is not the largest one of training.
double InitNoiseSigma(const Spacing& spacing, const std::vector<float>& sigmas);

}  // namespace skipbench
