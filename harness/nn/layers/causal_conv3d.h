// Convolutions over frames, rows and columns that look back only. Frames come one at a time, and what went in last is
// kept between them: memory does not grow with the clip.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "harness/nn/cpu/cpu_gemm.h"
#include "harness/nn/cpu/packed.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

struct CausalConv3dOptions {
  int64_t in_channels = 0, out_channels = 0;
  int64_t frames = 3;  // of the kernel: 3 (the frame and the two before it) or 1
  int64_t kernel = 3;  // of the kernel's rows and columns: 3 (padded with zeros) or 1
};

// y = conv(the last frames, "weight" [out, in, frames, kernel, kernel]) + "bias" [out]; before the first frame there
// are zeros.
class CausalConv3d {
 public:
  // The frames that went in before, of one clip (or of one batch of clips), older first.
  using Past = std::array<std::optional<ConvInput>, 2>;

  CausalConv3d(const Weights& w, const CausalConv3dOptions& options);
  // A frame [B, in, H, W] -> [B, out, H, W], with `other` of the output's shape added if it is defined. `past` takes
  // the frame in; null for a kernel of one frame.
  at::Tensor Forward(const ConvInput& x, Past* past, const at::Tensor& other = {}) const;

 private:
  at::Tensor RunPacked(const std::vector<const ConvInput*>& frames, const at::Tensor& other) const;
  at::Tensor RunAten(const std::vector<const ConvInput*>& frames) const;

  std::string name_;
  CausalConv3dOptions options_;
  cpu::PackedMatrix packed_;
  at::Tensor weight_, bias_;  // where it is not packed
};

// Root mean square norm over the channels of a place: x / |x| sqrt(C) gamma, "gamma" [C, 1, 1, ...].
class ChannelNorm {
 public:
  // `trailing`: ones at the end of gamma's shape.
  ChannelNorm(const Weights& w, int64_t channels, int64_t trailing);
  at::Tensor Forward(const at::Tensor& x) const;     // [B, C, H, W] -> the same
  ConvInput ForwardSilu(const at::Tensor& x) const;  // silu of it, ready for a convolution over 3x3 places

 private:
  void RunPacked(const at::Tensor& x, bool silu, const at::Tensor& out, int64_t margin) const;
  at::Tensor RunAten(const at::Tensor& x) const;

  at::Tensor factor_;  // [C], float32: sqrt(C) gamma
};

}  // namespace skipbench
