// Attention: softmax(q k^T / sqrt(dim_head)) v over heads (Vaswani et al. 2017).
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "harness/nn/layers/conditioning_cache.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/norm.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

struct AttentionOptions {
  int64_t query_dim = 0;
  int64_t heads = 1;
  int64_t dim_head = 64;            // heads * dim_head need not be query_dim
  int64_t cross_attention_dim = 0;  // width of the conditioning tokens; 0: self-attention
  bool bias = false;                // of to_q, to_k, to_v; to_out.0 always has one
  bool upcast = false;              // half-precision networks compute this attention in float32
};

// Scores and softmax are float32 inside in half precision, whatever `upcast` says; with it the inputs are, too.
class Attention {
 public:
  Attention(const Weights& w, const AttentionOptions& options);

  // residual + attention of x [B, N, query_dim] over itself.
  at::Tensor ForwardAdd(const at::Tensor& x, const at::Tensor& residual) const;
  // residual + attention of x over the context's tokens. Where x has F times as many rows as the context, each row of
  // the context serves F consecutive rows of x (the frames of a clip).
  at::Tensor ForwardAdd(const at::Tensor& x, const CrossAttentionContext& context, const at::Tensor& residual) const;
  // residual + attention of every place of x [B, F, N, query_dim] over its own F frames.
  at::Tensor ForwardAddOverFrames(const at::Tensor& x, const at::Tensor& residual) const;
  bool crosses() const { return options_.cross_attention_dim > 0; }

 private:
  at::Tensor KeyValue(const CrossAttentionContext& context) const;
  at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const;
  at::Tensor Run(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const;
  at::Tensor AttendOverFrames(const at::Tensor& qkv) const;
  int64_t inner() const { return options_.heads * options_.dim_head; }

  std::string name_;
  AttentionOptions options_;
  std::optional<Linear> to_qkv_;        // self-attention
  std::optional<Linear> to_q_, to_kv_;  // cross-attention
  Linear to_out_;
};

// Self-attention over the places of a feature map, with its own GroupNorm and residual, as in the DDPM U-Net and the
// autoencoders' middle (diffusers' former AttentionBlock): (x + attention(norm(x))) / output_scale.
class AttentionBlock {
 public:
  AttentionBlock(const Weights& w, int64_t channels, int64_t dim_head, int64_t groups, double eps,
                 double output_scale = 1);
  at::Tensor Forward(const at::Tensor& x) const;  // [B, C, H, W] -> the same

 private:
  std::optional<GroupNorm> group_norm_;
  Attention attention_;
  double output_scale_;
};

// [B, C, H, W] -> [B, H * W, C] and back. Both are views when the map is in channels_last memory format.
at::Tensor ToTokens(const at::Tensor& map);
at::Tensor ToMap(const at::Tensor& tokens, int64_t height, int64_t width);

}  // namespace skipbench
