// The block of MMDiT (Esser et al. 2024) with a stream of image tokens and one of text tokens, as SD3, SD3.5 and the
// double blocks of FLUX have it.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "harness/nn/layers/mlp.h"
#include "harness/nn/layers/modulation.h"
#include "harness/nn/layers/module_outputs.h"
#include "harness/nn/layers/stream_attention.h"

namespace skipbench {

// Each stream is normed, shifted and scaled by its own modulation; both attend together; each is gated, then goes
// through its own feed-forward.
class JointBlock {
 public:
  struct Options {
    StreamOptions attention;
    bool dual = false;       // the image's tokens also attend to themselves alone: attn2
    bool text_ends = false;  // the last block: its text only takes part in the attention
  };
  JointBlock(const Weights& w, const Options& options);
  // image [B, N, dim] and text [B, L, dim], which become what the block makes of them (text undefined where it ends);
  // temb [1 or B, dim]; `rotary` as in JointAttention, may be null; `start`: what Start() gave, if it was called;
  // `modules` may be null.
  void Run(const at::Tensor& temb, const RotaryTable* rotary, const ModulatedInput& start, ModuleOutputs* modules,
           at::Tensor* image, at::Tensor* text) const;
  // What it begins with, of the image's tokens.
  ModulatedInput Start(const at::Tensor& temb, const at::Tensor& image) const;

 private:
  at::Tensor Norm1(const at::Tensor& image, const std::vector<at::Tensor>& parts) const;

  std::string name_;
  Options options_;
  Modulation norm1_, norm1_context_;
  JointAttention attn_;
  std::optional<StreamAttention> attn2_;
  Mlp ff_;
  std::optional<Mlp> ff_context_;
};

// norm(x) (1 + scale) + shift with scale, shift = linear(silu(temb)): diffusers' AdaLayerNormContinuous, which has them
// in the other order than the blocks.
class ContinuousNorm {
 public:
  ContinuousNorm(const Weights& w, int64_t dim);
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& temb) const;  // x [B, N, dim] -> the same

 private:
  std::string name_;
  Modulation linear_;
};

}  // namespace skipbench
