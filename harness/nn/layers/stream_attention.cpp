#include "harness/nn/layers/stream_attention.h"

#include <ATen/ATen.h>

#include <vector>

#include "harness/nn/cpu/cpu_attention.h"
#include "harness/nn/layers/macs.h"
#include "harness/runtime/profiler.h"

namespace skipbench {

namespace {

// One row of a batch over those of its keys that the mask keeps.
void AttendMasked(const cpu::Kernels& kernels, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  int64_t heads, const at::Tensor& mask, const at::Tensor& out) {
  const at::Tensor kept = mask.nonzero().flatten();
  const int64_t n = kept.numel(), all = k.size(1);
  if (n == 0 || n == all) return cpu::RunAttentionInto(kernels, q, k, v, heads, out);
  if (kept[n - 1].item<int64_t>() == n - 1)
    return cpu::RunAttentionInto(kernels, q, k.narrow(1, 0, n), v.narrow(1, 0, n), heads, out);
  cpu::RunAttentionInto(kernels, q, k.index_select(1, kept), v.index_select(1, kept), heads, out);
}

at::Tensor AttendAten(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                      const at::Tensor& mask) {
  const auto split = [heads](const at::Tensor& t) { return t.unflatten(-1, {heads, -1}).transpose(1, 2); };
  std::optional<at::Tensor> bias;
  // A finite bias, as in diffusers: a row of zeros leaves none out.
  if (mask.defined()) bias = ((1 - mask.to(q.scalar_type())) * -10000.0).unsqueeze(1).unsqueeze(1);
  return at::scaled_dot_product_attention(split(q), split(k), split(v), bias).transpose(1, 2).flatten(2);
}

}  // namespace

void AttendInto(const std::string& name, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                const at::Tensor& mask, const at::Tensor& out) {
  if (q.is_meta()) return CountAttention(name, q.size(0), q.size(1), k.size(1), q.size(2), v.size(2));
  const ProfiledRange range(RangeKind::kOperator, "attention", q.scalar_type(),
                            k.size(1) * (q.numel() + q.size(0) * q.size(1) * v.size(2)));
  const cpu::Kernels* kernels = cpu::AttentionKernelsFor(q, heads);
  if (!kernels) {
    out.copy_(AttendAten(q, k, v, heads, mask));
  } else if (!mask.defined()) {
    cpu::RunAttentionInto(*kernels, q, k, v, heads, out);
  } else {
    for (int64_t b = 0; b < q.size(0); ++b)
      AttendMasked(*kernels, q.narrow(0, b, 1), k.narrow(0, b, 1), v.narrow(0, b, 1), heads, mask[b],
                   out.narrow(0, b, 1));
  }
}

struct StreamProjection::Names {
  std::vector<std::string> linear;
  std::string query_norm, key_norm;
};

StreamProjection::StreamProjection(const Weights& w, const StreamOptions& options, const Names& names)
    : width_(options.width()),
      to_qkv_(w, names.linear, width_, width_, true),
      query_(w.Sub(names.query_norm), options.heads, options.dim_head, options.norm, options.eps),
      key_(w.Sub(names.key_norm), options.heads, options.dim_head, options.norm, options.eps) {}

StreamProjection::StreamProjection(const Weights& w, const StreamOptions& options)
    : StreamProjection(w, options, Names{{"to_q", "to_k", "to_v"}, "norm_q", "norm_k"}) {}

StreamProjection StreamProjection::Added(const Weights& w, const StreamOptions& options) {
  return StreamProjection(w, options,
                          Names{{"add_q_proj", "add_k_proj", "add_v_proj"}, "norm_added_q", "norm_added_k"});
}

void StreamProjection::Prepare(const at::Tensor& from, const RotaryTable* rotary, int64_t first,
                               const at::Tensor& to) const {
  const auto part = [this](const at::Tensor& t, int64_t which) { return t.narrow(-1, which * width_, width_); };
  query_.Run(part(from, 0), rotary, first, part(to, 0));
  key_.Run(part(from, 1), rotary, first, part(to, 1));
  if (!to.is_meta() && !from.is_same(to)) part(to, 2).copy_(part(from, 2));
}

at::Tensor StreamProjection::Forward(const at::Tensor& x, const RotaryTable* rotary) const {
  const at::Tensor qkv = to_qkv_.Forward(x);
  if (query_.Does(rotary)) Prepare(qkv, rotary, 0, qkv);
  return qkv;
}

void StreamProjection::ForwardInto(const at::Tensor& x, const RotaryTable* rotary, int64_t first,
                                   const at::Tensor& out) const {
  Prepare(to_qkv_.Forward(x), rotary, first, out.narrow(1, first, x.size(1)));
}

namespace {
void AttendOver(const std::string& name, const at::Tensor& qkv, int64_t heads, const at::Tensor& out) {
  const auto parts = qkv.chunk(3, -1);
  AttendInto(name, parts[0], parts[1], parts[2], heads, {}, out);
}
}  // namespace

StreamAttention::StreamAttention(const Weights& w, const StreamOptions& options, bool with_output)
    : name_(ModuleName(w)), options_(options), projection_(w, options) {
  if (with_output) to_out_.emplace(w.Sub("to_out.0"), options.width(), options.width());
}

void StreamAttention::ForwardInto(const at::Tensor& x, const RotaryTable* rotary, const at::Tensor& out) const {
  AttendOver(name_, projection_.Forward(x, rotary), options_.heads, out);
}

at::Tensor StreamAttention::Forward(const at::Tensor& x, const RotaryTable* rotary) const {
  const at::Tensor attended = at::empty(x.sizes(), x.options());
  ForwardInto(x, rotary, attended);
  return to_out_->Forward(attended);
}

JointAttention::JointAttention(const Weights& w, const StreamOptions& options, bool text_ends)
    : name_(ModuleName(w)),
      options_(options),
      image_(w, options),
      text_(StreamProjection::Added(w, options)),
      to_out_(w.Sub("to_out.0"), options.width(), options.width()) {
  if (!text_ends) to_add_out_.emplace(w.Sub("to_add_out"), options.width(), options.width());
}

std::pair<at::Tensor, at::Tensor> JointAttention::Forward(const at::Tensor& image, const at::Tensor& text,
                                                          const RotaryTable* rotary) const {
  const int64_t words = text.size(1), all = words + image.size(1), width = options_.width();
  const at::Tensor attended = at::empty({image.size(0), all, width}, image.options());
  {
    const at::Tensor qkv = at::empty({image.size(0), all, 3 * width}, image.options());
    text_.ForwardInto(text, rotary, 0, qkv);
    image_.ForwardInto(image, rotary, words, qkv);
    AttendOver(name_, qkv, options_.heads, attended);
  }
  at::Tensor after;
  if (to_add_out_) after = to_add_out_->Forward(attended.narrow(1, 0, words));
  return {to_out_.Forward(attended.narrow(1, words, image.size(1))), after};
}

StreamCrossAttention::StreamCrossAttention(const Weights& w, const StreamOptions& options, int64_t text_width)
    : name_(ModuleName(w)),
      options_(options),
      to_q_(w.Sub("to_q"), options.width(), options.width()),
      to_kv_(w, {"to_k", "to_v"}, text_width, options.width(), true),
      to_out_(w.Sub("to_out.0"), options.width(), options.width()),
      query_(w.Sub("norm_q"), options.heads, options.dim_head, options.norm, options.eps),
      key_(w.Sub("norm_k"), options.heads, options.dim_head, options.norm, options.eps) {}

at::Tensor StreamCrossAttention::KeyValue(const CrossAttentionContext& context) const {
  const auto project = [this](const at::Tensor& tokens) {
    const at::Tensor kv = to_kv_.Forward(tokens), keys = kv.narrow(-1, 0, options_.width());
    if (key_.Does(nullptr)) key_.Run(keys, nullptr, 0, keys);
    return kv;
  };
  // One row at a time for a cache: a product may round a row differently beside others.
  const auto all = [&] {
    std::vector<at::Tensor> rows;
    for (const at::Tensor& row : context.tokens.split(1)) rows.push_back(project(row));
    return at::cat(rows);
  };
  const at::Tensor kv = context.cache ? context.cache->Constant(this, all) : project(context.tokens);
  return context.rows.defined() && !kv.is_meta() ? kv.index_select(0, context.rows) : kv;
}

at::Tensor StreamCrossAttention::Attend(const at::Tensor& x, const CrossAttentionContext& context,
                                        const at::Tensor& mask) const {
  const at::Tensor q = to_q_.Forward(x);
  if (query_.Does(nullptr)) query_.Run(q, nullptr, 0, q);
  const auto kv = KeyValue(context).chunk(2, -1);
  const at::Tensor attended = at::empty(x.sizes(), x.options());
  AttendInto(name_, q, kv[0], kv[1], options_.heads, mask, attended);
  return attended;
}

// The sum is rounded once, whether or not its second part is kept: forwards that keep nothing give the same.
at::Tensor StreamCrossAttention::Project(const at::Tensor& attended, const at::Tensor& residual,
                                         ModuleOutputs* modules) const {
  if (modules && modules->Keeps(kCrossAttentionModule)) modules->Keep(to_out_.Forward(attended), kCrossAttentionModule);
  return to_out_.ForwardAdd(attended, residual);
}

}  // namespace skipbench
