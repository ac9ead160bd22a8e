// ResnetBlock2D, and the projections of the time embedding that all of a network's blocks share.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "harness/nn/cpu/packed.h"
#include "harness/nn/layers/conv2d.h"
#include "harness/nn/layers/norm.h"

namespace skipbench {

// time_emb_proj of all ResNet blocks of a network as one matrix: every block reads the same silu(temb), so a forward
// multiplies once and each block takes its slice.
class TimeProjections {
 public:
  explicit TimeProjections(int64_t temb_channels) : temb_channels_(temb_channels) {}

  // While the network is built: reads the block's "weight" [out, temb] and "bias"; returns its place for Slice().
  int64_t Add(const Weights& w, int64_t out_features);
  void Finish();

  at::Tensor Forward(const at::Tensor& temb) const;                    // [N, temb] -> silu -> [N, all outputs]
  at::Tensor Slice(const at::Tensor& projected, int64_t place) const;  // [N, out_features of that block]

 private:
  struct Part {
    std::string name;
    int64_t offset, out_features;
  };
  int64_t temb_channels_;
  int64_t total_ = 0;
  std::vector<Part> parts_;
  std::vector<at::Tensor> weights_, biases_;  // until Finish()
  PackedLinear linear_;
};

struct ResnetOptions {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t groups = 32;
  double eps = 1e-6;
  double output_scale = 1;   // the sum is divided by it
  bool scale_shift = false;  // time embedding: h * (1 + scale) + shift after norm2, else added before it
};

// conv2(silu(norm2(conv1(silu(norm1(x))) + time))) + shortcut(x), with a 1x1 convolution as shortcut where widths
// differ.
class ResnetBlock2D {
 public:
  // `time` null: a block without time embedding.
  ResnetBlock2D(const Weights& w, const ResnetOptions& options, TimeProjections* time);
  // x: the maps in `parts` one after the other along the channels (a hidden state and a skip tensor), which are never
  // put together in memory. `projected`: TimeProjections::Forward of the network's time embedding.
  at::Tensor Forward(const std::vector<at::Tensor>& parts, const TimeProjections* time,
                     const at::Tensor& projected) const;

 private:
  ResnetOptions options_;
  GroupNorm norm1_;
  Conv2d conv1_;
  GroupNorm norm2_;
  Conv2d conv2_;
  std::optional<Conv2d> conv_shortcut_;
  int64_t time_place_ = -1;
};

}  // namespace skipbench
