#include "harness/nn/layers/joint_block.h"

#include <ATen/ATen.h>

#include <tuple>

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

at::Tensor JointBlock::Norm1(const at::Tensor& image, const std::vector<at::Tensor>& parts) const {
  return NormAndModulate(name_ + ".norm1.norm", image, kEps, parts[0], parts[1]);
}

ModulatedInput JointBlock::Start(const at::Tensor& temb, const at::Tensor& image) const {
  const auto parts = norm1_.Forward(temb);
  return {parts, Norm1(image, parts)};
}

void JointBlock::Run(const at::Tensor& temb, const RotaryTable* rotary, const ModulatedInput& start,
                     ModuleOutputs* modules, at::Tensor* image, at::Tensor* text) const {
  // Shift, scale, gate of the attention, of the feed-forward (, of attn2).
  const auto m = start.parts.empty() ? norm1_.Forward(temb) : start.parts;
  const auto c = norm1_context_.Forward(temb);  // the same six; where the text ends scale, shift
  const bool replaced = modules && modules->Replaces(kAttentionModule);
  at::Tensor attended, attended_text;
  if (replaced) {
    attended = modules->Take(image->sizes());
    if (!options_.text_ends) attended_text = modules->Take(text->sizes());
  } else {
    const at::Tensor normed = start.normed.defined() ? start.normed : Norm1(*image, m);
    const size_t shift = options_.text_ends ? 1 : 0, scale = 1 - shift;
    const at::Tensor normed_text = NormAndModulate(name_ + ".norm1_context.norm", *text, kEps, c[shift], c[scale]);
    std::tie(attended, attended_text) = attn_.Forward(normed, normed_text, rotary);
    if (modules) modules->Keep(attended, kAttentionModule);
    if (modules && !options_.text_ends) modules->Keep(attended_text, kAttentionModule);
  }
  at::Tensor x = GatedAdd(*image, m[2], attended);
  if (attn2_)
    x = GatedAdd(x, m[8], RunModule(modules, kAttentionModule, x.sizes(), [&] {
                   // The same norm as above.
                   return attn2_->Forward(NormAndModulate("", *image, kEps, m[6], m[7]), nullptr);
                 }));
  const auto feed = [&](const Mlp& ff, const std::string& norm, const at::Tensor& h, const std::vector<at::Tensor>& p) {
    return GatedAdd(h, p[5], RunModule(modules, kFeedForwardModule, h.sizes(), [&] {
                      return ff.Forward(NormAndModulate(name_ + norm, h, kEps, p[3], p[4]));
                    }));
  };
  *image = feed(ff_, ".norm2", x, m);
  *text =
      options_.text_ends ? at::Tensor() : feed(*ff_context_, ".norm2_context", GatedAdd(*text, c[2], attended_text), c);
}

ContinuousNorm::ContinuousNorm(const Weights& w, int64_t dim)
    : name_(ModuleName(w)), linear_(w.Sub("linear"), dim, dim, 2) {}

at::Tensor ContinuousNorm::Forward(const at::Tensor& x, const at::Tensor& temb) const {
  const auto parts = linear_.Forward(temb);  // scale, shift
  return NormAndModulate(name_ + ".norm", x, kEps, parts[1], parts[0]);
}

}  // namespace skipbench
