#include "harness/nn/layers/joint_block.h"

#include <ATen/ATen.h>

#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {
constexpr double kEps = 1e-6;

int64_t TextParts(const JointBlock::Options& options) { return options.text_ends ? 2 : 6; }
}  // namespace

JointBlock::JointBlock(const Weights& w, const Options& options)
    : name_(ModuleName(w)),
      options_(options),
      norm1_(w.Sub("norm1.linear"), options.attention.width(), options.attention.width(), options.dual ? 9 : 6),
      norm1_context_(w.Sub("norm1_context.linear"), options.attention.width(), options.attention.width(),
                     TextParts(options)),
      attn_(w.Sub("attn"), options.attention, options.text_ends),
      ff_(Mlp::FeedForward(w.Sub("ff"), options.attention.width(), 4 * options.attention.width())) {
  const int64_t dim = options.attention.width();
  if (options.dual) attn2_.emplace(w.Sub("attn2"), options.attention);
  if (!options.text_ends) ff_context_ = Mlp::FeedForward(w.Sub("ff_context"), dim, 4 * dim);
}

void JointBlock::Run(const at::Tensor& temb, const RotaryTable* rotary, at::Tensor* image, at::Tensor* text) const {
  const auto m = norm1_.Forward(temb);          // shift, scale, gate of the attention, of the feed-forward (, of attn2)
  const auto c = norm1_context_.Forward(temb);  // the same six; where the text ends scale, shift
  const at::Tensor normed = NormAndModulate(name_ + ".norm1.norm", *image, kEps, m[0], m[1]);
  const size_t shift = options_.text_ends ? 1 : 0, scale = 1 - shift;
  const at::Tensor normed_text = NormAndModulate(name_ + ".norm1_context.norm", *text, kEps, c[shift], c[scale]);
  auto [attended, attended_text] = attn_.Forward(normed, normed_text, rotary);
  at::Tensor x = GatedAdd(*image, m[2], attended);
  // The same norm as above.
  if (attn2_) x = GatedAdd(x, m[8], attn2_->Forward(NormAndModulate("", *image, kEps, m[6], m[7]), nullptr));
  *image = GatedAdd(x, m[5], ff_.Forward(NormAndModulate(name_ + ".norm2", x, kEps, m[3], m[4])));
  if (options_.text_ends) {
    *text = at::Tensor();
    return;
  }
  const at::Tensor y = GatedAdd(*text, c[2], attended_text);
  *text = GatedAdd(y, c[5], ff_context_->Forward(NormAndModulate(name_ + ".norm2_context", y, kEps, c[3], c[4])));
}

ContinuousNorm::ContinuousNorm(const Weights& w, int64_t dim)
    : name_(ModuleName(w)), linear_(w.Sub("linear"), dim, dim, 2) {}

at::Tensor ContinuousNorm::Forward(const at::Tensor& x, const at::Tensor& temb) const {
  const auto parts = linear_.Forward(temb);  // scale, shift
  return NormAndModulate(name_ + ".norm", x, kEps, parts[1], parts[0]);
}

}  // namespace skipbench
