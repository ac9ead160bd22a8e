#include "harness/nn/layers/temporal.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {
constexpr int64_t kTaps = 3;
constexpr double kConvEps = 1e-5, kTransformerEps = 1e-6;
}  // namespace

at::Tensor FoldFrames(const at::Tensor& clips) {
  return clips.permute({0, 2, 3, 4, 1}).contiguous().flatten(0, 1).permute({0, 3, 1, 2});
}

at::Tensor UnfoldFrames(const at::Tensor& folded, int64_t frames) {
  return folded.unflatten(0, {folded.size(0) / frames, frames}).transpose(1, 2);
}

at::Tensor FramesBelowOneAnother(const at::Tensor& folded, int64_t frames) {
  return folded.permute({0, 2, 3, 1})
      .reshape({folded.size(0) / frames, frames * folded.size(2), folded.size(3), folded.size(1)})
      .permute({0, 3, 1, 2});
}

at::Tensor ToFrameTokens(const at::Tensor& folded, int64_t frames) {
  return folded.permute({0, 2, 3, 1})
      .reshape({folded.size(0) / frames, frames, folded.size(2) * folded.size(3), folded.size(1)});
}

namespace {
// [..., C] of as many places as the map x has to a map of its size.
at::Tensor ToMapLike(const at::Tensor& places, const at::Tensor& x) {
  return places.reshape({x.size(0), x.size(2), x.size(3), x.size(1)}).permute({0, 3, 1, 2});
}
}  // namespace

TemporalConv::TemporalConv(const Weights& w, int64_t channels) : name_(ModuleName(w)), channels_(channels) {
  const at::Tensor weight = w.Take("weight", {channels, channels, kTaps, 1, 1}), bias = w.Take("bias", {channels});
  conv_ = PackedConv2d(weight.squeeze(-1), bias, 1, 1, 1);
}

// A frame is a line of H * W places.
at::Tensor TemporalConv::Forward(const at::Tensor& x, int64_t frames, const at::Tensor& other) const {
  if (x.is_meta()) {
    CountConv(name_, x, channels_, kTaps, true);
    return at::empty_like(x);
  }
  const auto lines = [&](const at::Tensor& map) { return ToFrameTokens(map, frames).permute({0, 3, 1, 2}); };
  const at::Tensor y = conv_.Forward(ConvInput(lines(x)), other.defined() ? lines(other) : other);
  return ToMapLike(y.permute({0, 2, 3, 1}), x);
}

TemporalConvLayer::TemporalConvLayer(const Weights& w, int64_t channels, int64_t groups) {
  for (int i = 1; i <= 4; ++i) {
    const Weights part = w.Sub(fmt::format("conv{}", i));
    norms_.emplace_back(part.Sub("0"), groups, channels, kConvEps);
    convs_.emplace_back(part.Sub(i == 1 ? "2" : "3"), channels);  // a dropout lies between in conv2 to conv4
  }
}

at::Tensor TemporalConvLayer::Forward(const at::Tensor& x, int64_t frames) const {
  at::Tensor h = x;
  for (size_t i = 0; i < convs_.size(); ++i) {
    const at::Tensor normed = norms_[i].ForwardSiluMap(FramesBelowOneAnother(h, frames));
    h = convs_[i].Forward(ToMapLike(normed.permute({0, 2, 3, 1}), x), frames,
                          i + 1 == convs_.size() ? x : at::Tensor());
  }
  return h;
}

namespace {
AttentionOptions SelfAttention(int64_t heads, int64_t dim_head) {
  return {.query_dim = heads * dim_head, .heads = heads, .dim_head = dim_head};
}
}  // namespace

TemporalTransformerBlock::TemporalTransformerBlock(const Weights& w, int64_t heads, int64_t dim_head)
    : norm1_(w.Sub("norm1"), heads * dim_head),
      attn1_(w.Sub("attn1"), SelfAttention(heads, dim_head)),
      norm2_(w.Sub("norm2"), heads * dim_head),
      attn2_(w.Sub("attn2"), SelfAttention(heads, dim_head)),
      norm3_(w.Sub("norm3"), heads * dim_head),
      ff_(w.Sub("ff"), heads * dim_head) {}

at::Tensor TemporalTransformerBlock::Forward(const at::Tensor& x) const {
  at::Tensor h = attn1_.ForwardAddOverFrames(norm1_.Forward(x), x);
  h = attn2_.ForwardAddOverFrames(norm2_.Forward(h), h);
  return ff_.ForwardAdd(norm3_.Forward(h), h);
}

TransformerTemporalModel::TransformerTemporalModel(const Weights& w, int64_t channels, int64_t heads, int64_t dim_head,
                                                   int64_t groups)
    : norm_(w.Sub("norm"), groups, channels, kTransformerEps),
      proj_in_(w.Sub("proj_in"), channels, heads * dim_head),
      block_(w.Sub("transformer_blocks.0"), heads, dim_head),
      proj_out_(w.Sub("proj_out"), heads * dim_head, channels) {}

at::Tensor TransformerTemporalModel::Forward(const at::Tensor& x, int64_t frames) const {
  const at::Tensor tokens = ToFrameTokens(x, frames);
  const at::Tensor normed = norm_.Forward(FramesBelowOneAnother(x, frames));
  const at::Tensor h = block_.Forward(proj_in_.Forward(normed.permute({0, 2, 3, 1}).reshape(tokens.sizes())));
  return ToMapLike(proj_out_.ForwardAdd(h, tokens), x);
}

}  // namespace skipbench
