// What a network predicts, and the two things schedulers need of it, for x = α x0 + σ ε.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "harness/base/options.h"

namespace skipbench {

enum class Prediction {
  kEpsilon,   // ε, the noise
  kSample,    // x0, the data
  kVelocity,  // v = α ε − σ x0 (Salimans and Ho 2022, arXiv 2202.00512)
  kFlow,      // ε − x0, where α + σ = 1 (Lipman et al. 2022, arXiv 2210.02747)
};

// Of diffusers' name, as option prediction_type has it: "epsilon", "sample" (or "original_sample"), "v_prediction",
// "flow_prediction".
Prediction PredictionOf(const std::string& prediction_type);
std::string NameOf(Prediction type);

template <typename Options>
Field<Options> PredictionField(std::string Options::*member,
                               std::vector<Json> supported = {"epsilon", "sample", "v_prediction"}) {
  return Field("prediction_type", member).Supported(std::move(supported)).Help("what the network predicts");
}

// x0 and ε as the prediction `output` at the sample `x` implies them; may be `output` itself.
at::Tensor PredictX0(Prediction type, const at::Tensor& x, const at::Tensor& output, double alpha, double sigma);
at::Tensor PredictEpsilon(Prediction type, const at::Tensor& x, const at::Tensor& output, double alpha, double sigma);

// What is done to a predicted x0.
struct X0Limits {
  bool clip = false;       // clip_sample: to [−range, range]
  double range = 1;        // clip_sample_range
  bool threshold = false;  // thresholding: dynamic thresholding, per sample (row); takes precedence over clip
  double ratio = 0.995;    // dynamic_thresholding_ratio
  double max_value = 1;    // sample_max_value
};
// `with_clip`: the class has clip_sample.
OptionTable<X0Limits> X0LimitsTable(bool with_clip);
at::Tensor Limit(const X0Limits& limits, const at::Tensor& x0);

// Throws Error where timestep t has ᾱ = 0 (zero terminal SNR) and the noise says nothing about x0. With clipping
// diffusers makes ±clip_sample_range of it, and so it is here.
void CheckZeroSignal(Prediction type, const X0Limits& limits, int t);

}  // namespace skipbench
