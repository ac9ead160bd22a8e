// The layers along time of the video U-Nets. Frames are folded into the batch for everything spatial: a clip's map is
// [B * F, C, H, W], index b * F + f. The layers here look at it as [B, F, H * W, C], which is the same memory when the
// map is in channels_last memory format: nothing is moved.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/nn/cpu/packed.h"
#include "harness/nn/layers/attention.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/norm.h"
#include "harness/nn/layers/transformer_2d.h"

namespace skipbench {

// [B, C, F, H, W] -> [B * F, C, H, W] in channels_last, and back.
at::Tensor FoldFrames(const at::Tensor& clips);
at::Tensor UnfoldFrames(const at::Tensor& folded, int64_t frames);

// Folded [B * F, C, H, W] -> [B, C, F * H, W]: what a norm over all frames of a sample normalises.
at::Tensor FramesBelowOneAnother(const at::Tensor& folded, int64_t frames);
// Folded [B * F, C, H, W] -> [B, F, H * W, C].
at::Tensor ToFrameTokens(const at::Tensor& folded, int64_t frames);

// Conv3d with kernel (3, 1, 1) and zero padding (1, 0, 0): "weight" [out, in, 3, 1, 1], "bias" [out].
class TemporalConv {
 public:
  TemporalConv(const Weights& w, int64_t channels);
  // [B * F, C, H, W] -> the same; `other`, if defined, is added and has the output's shape.
  at::Tensor Forward(const at::Tensor& x, int64_t frames, const at::Tensor& other = {}) const;

 private:
  std::string name_;
  int64_t channels_;
  PackedConv2d conv_;
};

// Four times GroupNorm over all frames of a sample, SiLU, convolution along time; plus the input.
class TemporalConvLayer {
 public:
  TemporalConvLayer(const Weights& w, int64_t channels, int64_t groups);
  at::Tensor Forward(const at::Tensor& x, int64_t frames) const;  // [B * F, C, H, W] -> the same

 private:
  std::vector<GroupNorm> norms_;
  std::vector<TemporalConv> convs_;
};

// x += attn1(norm1(x)); x += attn2(norm2(x)); x += ff(norm3(x)): two self-attentions over the frames of a place
// (double_self_attention); the text never enters.
class TemporalTransformerBlock {
 public:
  TemporalTransformerBlock(const Weights& w, int64_t heads, int64_t dim_head);
  at::Tensor Forward(const at::Tensor& x) const;  // [B, F, N, heads * dim_head] -> the same

 private:
  LayerNorm norm1_;
  Attention attn1_;
  LayerNorm norm2_;
  Attention attn2_;
  LayerNorm norm3_;
  FeedForward ff_;
};

// GroupNorm over all frames of a sample, a linear layer in, one block over the frames of every place, a linear layer
// out; plus the input. No positions, no mask.
class TransformerTemporalModel {
 public:
  TransformerTemporalModel(const Weights& w, int64_t channels, int64_t heads, int64_t dim_head, int64_t groups);
  at::Tensor Forward(const at::Tensor& x, int64_t frames) const;  // [B * F, C, H, W] -> the same

 private:
  GroupNorm norm_;  // eps 1e-6
  Linear proj_in_;
  TemporalTransformerBlock block_;
  Linear proj_out_;
};

}  // namespace skipbench
