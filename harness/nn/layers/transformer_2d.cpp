#include "harness/nn/layers/transformer_2d.h"

#include <ATen/ATen.h>

namespace skipbench {

namespace {

AttentionOptions CrossAttention(const TransformerOptions& o) {
  return {.query_dim = o.heads * o.dim_head,
          .heads = o.heads,
          .dim_head = o.dim_head,
          .cross_attention_dim = o.cross_attention_dim,
          .upcast = o.upcast_attention};
}

AttentionOptions SelfAttention(const TransformerOptions& o) {
  AttentionOptions options = CrossAttention(o);
  if (!o.only_cross_attention) options.cross_attention_dim = 0;
  return options;
}

}  // namespace

FeedForward::FeedForward(const Weights& w, int64_t dim)
    : proj_(Linear::Gated(w.Sub("net.0.proj"), dim, 8 * dim)), out_(w.Sub("net.2"), 4 * dim, dim) {}

at::Tensor FeedForward::ForwardAdd(const at::Tensor& x, const at::Tensor& residual) const {
  return out_.ForwardAdd(proj_.Forward(x), residual);
}

BasicTransformerBlock::BasicTransformerBlock(const Weights& w, const TransformerOptions& options)
    : norm1_(w.Sub("norm1"), options.heads * options.dim_head),
      attn1_(w.Sub("attn1"), SelfAttention(options)),
      norm2_(w.Sub("norm2"), options.heads * options.dim_head),
      attn2_(w.Sub("attn2"), CrossAttention(options)),
      norm3_(w.Sub("norm3"), options.heads * options.dim_head),
      ff_(w.Sub("ff"), options.heads * options.dim_head) {}

at::Tensor BasicTransformerBlock::Forward(const at::Tensor& x, const CrossAttentionContext& context) const {
  const at::Tensor n = norm1_.Forward(x);
  at::Tensor h = attn1_.crosses() ? attn1_.ForwardAdd(n, context, x) : attn1_.ForwardAdd(n, x);
  h = attn2_.ForwardAdd(norm2_.Forward(h), context, h);
  return ff_.ForwardAdd(norm3_.Forward(h), h);
}

Transformer2DModel::Transformer2DModel(const Weights& w, int64_t channels, const TransformerOptions& options)
    : norm_(w.Sub("norm"), options.norm_groups, channels, 1e-6) {
  const int64_t inner = options.heads * options.dim_head;
  if (options.use_linear_projection) {
    linear_in_.emplace(w.Sub("proj_in"), channels, inner);
    linear_out_.emplace(w.Sub("proj_out"), inner, channels);
  } else {
    conv_in_.emplace(w.Sub("proj_in"), Conv2dOptions{channels, inner, 1, 1, 0});
    conv_out_.emplace(w.Sub("proj_out"), Conv2dOptions{inner, channels, 1, 1, 0});
  }
  for (int64_t i = 0; i < options.layers; ++i) blocks_.emplace_back(w.Sub("transformer_blocks", i), options);
}

at::Tensor Transformer2DModel::Forward(const at::Tensor& x, const CrossAttentionContext& context) const {
  const int64_t height = x.size(2), width = x.size(3);
  at::Tensor h = norm_.Forward(x);
  h = conv_in_ ? ToTokens(conv_in_->Forward(h)) : linear_in_->Forward(ToTokens(h));
  for (const BasicTransformerBlock& block : blocks_) h = block.Forward(h, context);
  if (conv_out_) return conv_out_->ForwardAdd(ConvInput(ToMap(h, height, width)), x);
  return ToMap(linear_out_->ForwardAdd(h, ToTokens(x)), height, width);
}

}  // namespace skipbench
