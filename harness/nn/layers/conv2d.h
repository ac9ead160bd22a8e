// 2-D convolution.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/nn/cpu/packed.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

struct Conv2dOptions {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 3;  // square
  int64_t stride = 1;
  int64_t padding = 1;       // zeros above and on the left
  int64_t end_padding = -1;  // zeros below and on the right; -1: as many
};

// y = conv(x, "weight" [out, in, kernel, kernel]) + "bias" [out]. Activations stay in channels_last memory format.
class Conv2d {
 public:
  Conv2d(const Weights& w, const Conv2dOptions& options);

  at::Tensor Forward(const at::Tensor& x) const { return Forward(ConvInput(x)); }  // [B, in, H, W] -> [B, out, H', W']
  at::Tensor Forward(const ConvInput& x) const { return ForwardAdd(x, {}); }
  // Forward(x) + other; `other`, if defined, has the output's shape and is not changed.
  at::Tensor ForwardAdd(const ConvInput& x, const at::Tensor& other) const;
  // Of several maps one after the other along the channels (1x1 kernels).
  at::Tensor ForwardParts(const std::vector<at::Tensor>& parts) const;

  const Conv2dOptions& options() const { return options_; }

 private:
  at::Tensor CountOnly(const at::Tensor& x) const;
  std::string name_;
  Conv2dOptions options_;
  PackedConv2d conv_;
};

}  // namespace skipbench
