#include "metrics/backbones/conv_unit.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>

namespace skipbench {
namespace {

// oneDNN's convolution with an activation, and its packing of weights: operators that LibTorch keeps for its compiler.
// Absent from a LibTorch without oneDNN.
struct OneDnn {
  std::optional<c10::OperatorHandle> convolution, reorder;
  OneDnn() {
    auto& dispatcher = c10::Dispatcher::singleton();
    if (!at::hasMKLDNN()) return;
    convolution = dispatcher.findSchema({"mkldnn::_convolution_pointwise", ""});
    reorder = dispatcher.findSchema({"mkldnn::_reorder_convolution_weight", ""});
  }
  bool there() const { return convolution && reorder; }
};

const OneDnn& FindOneDnn() {
  static const OneDnn onednn;
  return onednn;
}

at::Tensor Call(const c10::OperatorHandle& op, std::vector<c10::IValue> stack) {
  op.callBoxed(stack);
  return stack.at(0).toTensor();
}

std::vector<int64_t> OrDefault(std::vector<int64_t> values, size_t size, int64_t fallback) {
  return values.empty() ? std::vector<int64_t>(size, fallback) : std::move(values);
}

at::MemoryFormat ChannelsLast(const at::Tensor& t) {
  return t.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

std::vector<int64_t> WeightShape(const ConvUnitOptions& options) {
  std::vector<int64_t> shape = {options.out, options.in};
  shape.insert(shape.end(), options.kernel.begin(), options.kernel.end());
  return shape;
}

}  // namespace

ConvUnit::ConvUnit(const Weights& w, const ConvUnitOptions& options, bool bias) : options_(options) {
  const at::Tensor weight = w.Take("weight", WeightShape(options_));
  const at::Tensor values = bias ? w.Take("bias", {options_.out}) : at::Tensor();
  if (!w.HasProblems()) Prepare(weight, values);
}

ConvUnit::ConvUnit(const Weights& w, const std::string& conv, const ConvUnitOptions& options, double eps)
    : options_(options) {
  const Weights bn = w.Sub("bn");
  const at::Tensor weight = w.Sub(conv).Take("weight", WeightShape(options_));
  const at::Tensor gamma = bn.Take("weight", {options_.out}), beta = bn.Take("bias", {options_.out});
  const at::Tensor mean = bn.Take("running_mean", {options_.out}), variance = bn.Take("running_var", {options_.out});
  if (w.HasProblems()) return;
  // y = gamma (conv(x) - mean) / sqrt(variance + eps) + beta, its constants in float64.
  const at::Tensor scale = gamma.to(at::kDouble) / (variance.to(at::kDouble) + eps).sqrt();
  std::vector<int64_t> per_output(weight.dim(), 1);
  per_output[0] = options_.out;
  Prepare((weight.to(at::kDouble) * scale.view(per_output)).to(at::kFloat),
          (beta.to(at::kDouble) - mean.to(at::kDouble) * scale).to(at::kFloat));
}

void ConvUnit::Prepare(const at::Tensor& weight, const at::Tensor& bias) {
  const size_t dims = options_.kernel.size();
  options_.stride = OrDefault(std::move(options_.stride), dims, 1);
  options_.padding = OrDefault(std::move(options_.padding), dims, 0);
  options_.dilation = OrDefault(std::move(options_.dilation), dims, 1);
  weight_ = weight.contiguous(ChannelsLast(weight));
  bias_ = bias;
}

at::Tensor ConvUnit::PackedFor(const at::Tensor& x) const {
  const std::vector<int64_t> size = x.sizes().slice(2).vec();
  const std::lock_guard lock(packed_->mutex);
  if (!packed_->weight.defined() || packed_->size != size) {
    packed_->weight = Call(*FindOneDnn().reorder,
                           {weight_, options_.padding, options_.stride, options_.dilation, 1, x.sizes().vec()});
    packed_->size = size;
  }
  return packed_->weight;
}

at::Tensor ConvUnit::Forward(const at::Tensor& input) const {
  const at::Tensor x = input.contiguous(ChannelsLast(input));
  const c10::IValue bias = bias_.defined() ? c10::IValue(bias_) : c10::IValue();
  if (FindOneDnn().there() && x.is_cpu()) {
    return Call(*FindOneDnn().convolution,
                {x, PackedFor(x), bias, options_.padding, options_.stride, options_.dilation, 1,
                 options_.relu ? "relu" : "none", c10::List<std::optional<at::Scalar>>(), ""});
  }
  at::Tensor y =
      at::convolution(x, weight_, bias_.defined() ? std::optional<at::Tensor>(bias_) : std::nullopt, options_.stride,
                      options_.padding, options_.dilation, false, std::vector<int64_t>(options_.kernel.size(), 0), 1);
  return options_.relu ? y.relu_() : y;
}

}  // namespace skipbench
