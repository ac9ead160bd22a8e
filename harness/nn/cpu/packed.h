// Convolution and matrix multiplication with constant weights, in whatever form the device at hand runs them best:
// packed for the kernels of cpu_kernels.h where those can run (float32 and bfloat16 on x86-64), else as ATen has them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "harness/nn/cpu/cpu_gemm.h"

namespace skipbench {

// What becomes of a linear layer's outputs x W^T + b.
struct LinearEnd {
  bool gelu_tanh = false;  // GELU in its tanh form
  at::Tensor add = {};     // [..., out], added after that; not changed
  at::Tensor into = {};  // [..., out], rows at one distance and a last stride of 1: they go here, not into a new tensor
};

// y = x W^T + b.
class PackedLinear {
 public:
  PackedLinear() = default;
  // `weights` [out_i, in], whose outputs stand one after the other; `biases` [out_i] likewise, or none. `gated`: GEGLU,
  // the first half of the outputs times gelu of the second. The weights are packed where they are: without a copy in
  // between.
  PackedLinear(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& biases, bool gated = false);
  // x [..., in] -> [..., out].
  at::Tensor Forward(const at::Tensor& x, const LinearEnd& end = {}) const;

 private:
  at::Tensor RunPacked(const at::Tensor& x, const LinearEnd& end) const;
  int64_t out_ = 0;
  bool gated_ = false;
  at::Tensor weight_, bias_;  // where they are not packed
  cpu::PackedMatrix packed_;
};

// A feature map [B, C, H, W] as the input of a convolution. Where packed convolutions run, lines stand in memory with a
// margin of zeros on both sides; whoever produces a map for a convolution can write it so at once.
class ConvInput {
 public:
  explicit ConvInput(at::Tensor map) : map_(std::move(map)) {}
  // A new map with its margins set and its places to be written; `margin` columns on each side.
  static ConvInput WithMargin(const at::Tensor& like, int64_t channels, int64_t height, int64_t width, int64_t margin);
  // Nearest-neighbour interpolation of x to another size, ready for a 3x3 convolution.
  static ConvInput Upsampled(const at::Tensor& x, int64_t height, int64_t width);
  // x, ready for a convolution with that margin.
  static ConvInput Prepared(const at::Tensor& x, int64_t margin);

  // Places of the map: [B, C, H, W], a view without the margins.
  const at::Tensor& map() const { return map_; }
  bool has_margin() const { return lines_.defined(); }
  int64_t margin() const { return margin_; }
  // [B, H, margin + W + margin, padded C] in memory; only with a margin.
  const at::Tensor& lines() const { return lines_; }

 private:
  at::Tensor map_, lines_;
  int64_t margin_ = 0;
};

class PackedConv2d {
 public:
  PackedConv2d() = default;
  // [out, in, k, k] or [out, in, k, 1], [out]. `padding` zeros above and on the left, `end_padding` below and on the
  // right; a kernel of one column has none at the sides.
  PackedConv2d(const at::Tensor& weight, const at::Tensor& bias, int64_t stride, int64_t padding, int64_t end_padding);
  // `other`, if defined, is added to the output and has its shape.
  at::Tensor Forward(const ConvInput& x, const at::Tensor& other = {}) const;
  // Of the maps in `parts` one after the other (along the channels), without putting them together. 1x1 kernels only.
  at::Tensor ForwardParts(const std::vector<at::Tensor>& parts) const;

 private:
  at::Tensor Run(const ConvInput& x, const at::Tensor& other) const;
  at::Tensor RunPacked(const ConvInput& x, const at::Tensor& other) const;
  bool ByWinograd(const at::Tensor& map) const;
  at::Tensor weight_, bias_;
  cpu::PackedMatrix packed_;
  int64_t out_ = 0, height_ = 1, width_ = 1;  // of the kernel
  int64_t stride_ = 1, padding_ = 0, end_padding_ = 0;
};

// Whether maps of this kind go through the packed kernels.
bool RunsPacked(const at::Tensor& x);

}  // namespace skipbench
