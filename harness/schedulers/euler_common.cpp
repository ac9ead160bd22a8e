#include "harness/schedulers/euler_common.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace skipbench {

EulerWeights EulerStep(Prediction prediction, double sigma, double dt) {
  switch (prediction) {
    case Prediction::kEpsilon:  // x0 = x − σ ε, d = ε
      return {1, dt};
    case Prediction::kVelocity: {  // x0 = x/(σ² + 1) − v σ/sqrt(σ² + 1)
      const double s2 = sigma * sigma + 1;
      return {1 + dt * sigma / s2, dt / std::sqrt(s2)};
    }
    case Prediction::kSample:  // d = (x − x0)/σ
      break;
  }
  return {1 + dt / sigma, -dt / sigma};
}

at::Tensor TakeEulerStep(const EulerWeights& w, const at::Tensor& sample, const at::Tensor& model_output) {
  const at::Tensor x = sample.to(at::kFloat);
  if (w.x == 1) return at::add(x, model_output, w.output);
  return at::mul(x, w.x).add_(model_output, w.output);
}

std::vector<double> EulerTimesteps(const Spacing& spacing, int train, int steps) {
  std::vector<double> timesteps;
  if (spacing.kind == "linspace") {
    timesteps = Linspace(0, train - 1, steps);
    for (double& t : timesteps) t = static_cast<float>(t);
    std::reverse(timesteps.begin(), timesteps.end());
  } else {
    for (int t : IntegerTimesteps(spacing, train, steps)) timesteps.push_back(t);
  }
  return timesteps;
}

double InputScale(float sigma) { return std::sqrt(sigma * sigma + 1.0f); }

double InitNoiseSigma(const Spacing& spacing, const std::vector<float>& sigmas) {
  const float max = *std::max_element(sigmas.begin(), sigmas.end());
  return spacing.kind == "leading" ? std::sqrt(max * max + 1.0f) : max;
}

}  // namespace skipbench
