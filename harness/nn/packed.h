// Convolution and matrix multiplication with constant weights, in whatever form the device runs them best.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace skipbench {

// y = x W^T + b.
class PackedLinear {
 public:
  PackedLinear() = default;
  PackedLinear(at::Tensor weight, at::Tensor bias);          // [out, in], [out] or undefined
  at::Tensor Forward(const at::Tensor& x) const;
  at::Tensor ForwardAdd(const at::Tensor& x, const at::Tensor& other) const;

 private:
  at::Tensor weight_, bias_;
};

class PackedConv2d {
 public:
  PackedConv2d() = default;
  PackedConv2d(at::Tensor weight, at::Tensor bias, int64_t stride, int64_t padding);   // [out, in, k, k], [out]
  at::Tensor Forward(const at::Tensor& x) const;
  at::Tensor ForwardAdd(const at::Tensor& x, const at::Tensor& other) const;

 private:
  at::Tensor weight_, bias_;
  int64_t stride_ = 1, padding_ = 0;
};

}  // namespace skipbench
