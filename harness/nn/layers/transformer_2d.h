// Transformer2DModel and its parts: self-attention, cross-attention and a gated feed-forward over the places of a map.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "harness/nn/layers/attention.h"
#include "harness/nn/layers/conv2d.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/norm.h"

namespace skipbench {

// GEGLU (Shazeer 2020), exact erf GELU: net.0.proj gives [h, g]; h * gelu(g); net.2.
class FeedForward {
 public:
  FeedForward(const Weights& w, int64_t dim);
  at::Tensor ForwardAdd(const at::Tensor& x, const at::Tensor& residual) const;

 private:
  Linear proj_, out_;
};

struct TransformerOptions {
  int64_t heads = 1;
  int64_t dim_head = 64;
  int64_t cross_attention_dim = 0;    // width of the conditioning tokens
  bool only_cross_attention = false;  // attn1 attends to the conditioning, too
  bool upcast_attention = false;
  bool use_linear_projection = false;  // proj_in, proj_out: Linear, else a 1x1 convolution. The same arithmetic.
  int64_t layers = 1;
  int64_t norm_groups = 32;
};

// x += attn1(norm1(x)); x += attn2(norm2(x), context); x += ff(norm3(x)).
class BasicTransformerBlock {
 public:
  BasicTransformerBlock(const Weights& w, const TransformerOptions& options);
  at::Tensor Forward(const at::Tensor& x, const CrossAttentionContext& context) const;  // [B, N, dim]

 private:
  LayerNorm norm1_;
  Attention attn1_;
  LayerNorm norm2_;
  Attention attn2_;
  LayerNorm norm3_;
  FeedForward ff_;
};

class Transformer2DModel {
 public:
  Transformer2DModel(const Weights& w, int64_t channels, const TransformerOptions& options);
  at::Tensor Forward(const at::Tensor& x, const CrossAttentionContext& context) const;  // [B, C, H, W] -> the same

 private:
  GroupNorm norm_;  // eps 1e-6, whatever the network's norm_eps is
  std::optional<Linear> linear_in_, linear_out_;
  std::optional<Conv2d> conv_in_, conv_out_;
  std::vector<BasicTransformerBlock> blocks_;
};

}  // namespace skipbench
