#include "harness/schedulers/prediction.h"

#include <ATen/ATen.h>

namespace skipbench {

Prediction PredictionOf(const std::string& prediction_type) {
  if (prediction_type == "epsilon") return Prediction::kEpsilon;
  if (prediction_type == "v_prediction") return Prediction::kVelocity;
  if (prediction_type == "flow_prediction") return Prediction::kFlow;
  return Prediction::kSample;
}

std::string NameOf(Prediction type) {
  switch (type) {
    case Prediction::kEpsilon: return "epsilon";
    case Prediction::kSample: return "sample";
    case Prediction::kVelocity: return "v_prediction";
    case Prediction::kFlow: return "flow_prediction";
  }
  return "";
}

at::Tensor PredictX0(Prediction type, const at::Tensor& x, const at::Tensor& output, double alpha, double sigma) {
  switch (type) {
    case Prediction::kEpsilon: return at::add(x, output, -sigma).div_(alpha);
    case Prediction::kVelocity: return at::mul(x, alpha).add_(output, -sigma);
    case Prediction::kFlow: return at::add(x, output, -sigma);
    case Prediction::kSample: break;
  }
  return output;
}

at::Tensor PredictEpsilon(Prediction type, const at::Tensor& x, const at::Tensor& output, double alpha, double sigma) {
  switch (type) {
    case Prediction::kSample: return at::add(x, output, -alpha).div_(sigma);
    case Prediction::kVelocity: return at::mul(output, alpha).add_(x, sigma);
    case Prediction::kFlow: return at::add(x, output, alpha);
    case Prediction::kEpsilon: break;
  }
  return output;
}

OptionTable<X0Limits> X0LimitsTable(bool with_clip) {
  std::vector<Field<X0Limits>> fields = {
      Field("clip_sample", &X0Limits::clip).Help("clip predicted samples, as pixels are"),
      Field("clip_sample_range", &X0Limits::range).Min(0).Help("to [-range, range]"),
      Field("thresholding", &X0Limits::threshold).Help("dynamic thresholding (arXiv 2205.11487), instead of clipping"),
      Field("dynamic_thresholding_ratio", &X0Limits::ratio).Min(0).Max(1).Help("quantile that it clips at"),
      Field("sample_max_value", &X0Limits::max_value).Min(0).Help("largest value that it clips at")};
  if (!with_clip) fields.erase(fields.begin(), fields.begin() + 2);
  return OptionTable<X0Limits>("limits of predicted samples", std::move(fields));
}

namespace {

// Saharia et al. 2022 (Imagen, arXiv 2205.11487), section 2.3: x0 is clipped to [−s, s] and divided by s, the `ratio`
// quantile of |x0| within the sample, s itself being held to [1, max_value].
at::Tensor DynamicThreshold(const X0Limits& limits, const at::Tensor& x0) {
  at::Tensor rows = x0.reshape({x0.size(0), -1});
  if (rows.scalar_type() != at::kDouble) rows = rows.to(at::kFloat);
  const at::Tensor s = at::quantile(rows.abs(), limits.ratio, 1).clamp(1, limits.max_value).unsqueeze(1);
  return at::clamp(rows, -s, s).div_(s).reshape(x0.sizes()).to(x0.scalar_type());
}

}  // namespace

at::Tensor Limit(const X0Limits& limits, const at::Tensor& x0) {
  if (limits.threshold) return DynamicThreshold(limits, x0);
  if (limits.clip) return at::clamp(x0, -limits.range, limits.range);
  return x0;
}

void CheckZeroSignal(Prediction type, const X0Limits& limits, int t) {
  if (type != Prediction::kEpsilon || (limits.clip && !limits.threshold)) return;
  FailOption("prediction_type",
             "epsilon leaves x0 undefined at timestep {}, where rescale_betas_zero_snr leaves no signal", t);
}

}  // namespace skipbench
