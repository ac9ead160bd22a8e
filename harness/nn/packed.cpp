#include "harness/nn/packed.h"

#include <ATen/ATen.h>

namespace skipbench {

PackedLinear::PackedLinear(at::Tensor weight, at::Tensor bias) : weight_(std::move(weight)), bias_(std::move(bias)) {}

at::Tensor PackedLinear::Forward(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

at::Tensor PackedLinear::ForwardAdd(const at::Tensor& x, const at::Tensor& other) const { return Forward(x).add_(other); }

PackedConv2d::PackedConv2d(at::Tensor weight, at::Tensor bias, int64_t stride, int64_t padding)
    : weight_(std::move(weight)), bias_(std::move(bias)), stride_(stride), padding_(padding) {}

at::Tensor PackedConv2d::Forward(const at::Tensor& x) const {
  return at::conv2d(x, weight_, bias_, {stride_, stride_}, {padding_, padding_});
}

at::Tensor PackedConv2d::ForwardAdd(const at::Tensor& x, const at::Tensor& other) const { return Forward(x).add_(other); }

}  // namespace skipbench
