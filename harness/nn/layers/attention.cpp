#include "harness/nn/layers/attention.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/nn/cpu/cpu_attention.h"
#include "harness/nn/layers/macs.h"
#include "harness/runtime/profiler.h"

namespace skipbench {

at::Tensor ToTokens(const at::Tensor& map) {
  return map.permute({0, 2, 3, 1}).reshape({map.size(0), map.size(2) * map.size(3), map.size(1)});
}

at::Tensor ToMap(const at::Tensor& tokens, int64_t height, int64_t width) {
  return tokens.reshape({tokens.size(0), height, width, tokens.size(2)}).permute({0, 3, 1, 2});
}

Attention::Attention(const Weights& w, const AttentionOptions& options)
    : name_(ModuleName(w)), options_(options), to_out_(w.Sub("to_out.0"), inner(), options.query_dim) {
  if (crosses()) {
    to_q_.emplace(w.Sub("to_q"), options.query_dim, inner(), options.bias);
    to_kv_.emplace(w, std::vector<std::string>{"to_k", "to_v"}, options.cross_attention_dim, inner(), options.bias);
  } else {
    to_qkv_.emplace(w, std::vector<std::string>{"to_q", "to_k", "to_v"}, options.query_dim, inner(), options.bias);
  }
}

// q [B, Lq, inner], k and v [B, Lk, inner]; each may be a slice of a wider tensor.
at::Tensor Attention::Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const {
  if (q.is_meta()) {
    CountAttention(name_, q.size(0), q.size(1), k.size(1), inner(), inner());
    return at::empty({q.size(0), q.size(1), inner()}, q.options());
  }
  const ProfiledRange range(RangeKind::kOperator, "attention", q.scalar_type(), 2 * q.numel() * k.size(1));
  if (options_.upcast && q.scalar_type() != at::kFloat && q.scalar_type() != at::kDouble)
    return Run(q.to(at::kFloat), k.to(at::kFloat), v.to(at::kFloat)).to(q.scalar_type());
  return Run(q, k, v);
}

at::Tensor Attention::Run(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const {
  if (const cpu::Kernels* kernels = cpu::AttentionKernelsFor(q, options_.heads))
    return cpu::RunAttention(*kernels, q, k, v, options_.heads);
  const auto split = [&](const at::Tensor& t) {
    return t.unflatten(-1, {options_.heads, options_.dim_head}).transpose(1, 2);  // [B, heads, L, dim_head]
  };
  return at::scaled_dot_product_attention(split(q), split(k), split(v)).transpose(1, 2).flatten(2);
}

at::Tensor Attention::ForwardAdd(const at::Tensor& x, const at::Tensor& residual) const {
  const at::Tensor qkv = to_qkv_->Forward(x);
  const int64_t n = inner();
  return to_out_.ForwardAdd(Attend(qkv.narrow(-1, 0, n), qkv.narrow(-1, n, n), qkv.narrow(-1, 2 * n, n)), residual);
}

at::Tensor Attention::KeyValue(const CrossAttentionContext& context) const {
  const auto project = [this](const at::Tensor& tokens) { return to_kv_->Forward(tokens); };
  const at::Tensor kv = context.cache ? context.cache->KeyValue(this, project) : project(context.tokens);
  return context.rows.defined() && !kv.is_meta() ? kv.index_select(0, context.rows) : kv;
}

at::Tensor Attention::ForwardAdd(const at::Tensor& x, const CrossAttentionContext& context,
                                 const at::Tensor& residual) const {
  const at::Tensor q = to_q_->Forward(x);
  const at::Tensor kv = KeyValue(context);  // [B, L, 2 * inner]
  const int64_t n = inner();
  const at::Tensor queries = kv.size(0) == q.size(0) ? q : q.reshape({kv.size(0), -1, n});
  return to_out_.ForwardAdd(Attend(queries, kv.narrow(-1, 0, n), kv.narrow(-1, n, n)).view(q.sizes()), residual);
}

// qkv [B, F, N, 3 * inner] -> [B, F, N, inner]. The frames of a place are a sequence whose steps are N tokens apart.
at::Tensor Attention::AttendOverFrames(const at::Tensor& qkv) const {
  const int64_t batch = qkv.size(0), frames = qkv.size(1), places = qkv.size(2), n = inner();
  at::Tensor out = at::empty({batch, frames, places, n}, qkv.options());
  if (qkv.is_meta()) {
    CountAttention(name_, batch * places, frames, frames, n, n);
    return out;
  }
  const ProfiledRange range(RangeKind::kOperator, "attention", qkv.scalar_type(), 2 * out.numel() * frames);
  if (const cpu::Kernels* kernels = cpu::AttentionKernelsFor(qkv[0].narrow(-1, 0, n), options_.heads)) {
    for (int64_t b = 0; b < batch; ++b) {
      const at::Tensor sequences = qkv[b].transpose(0, 1);  // [N, F, 3 * inner]
      cpu::RunAttentionInto(*kernels, sequences.narrow(-1, 0, n), sequences.narrow(-1, n, n),
                            sequences.narrow(-1, 2 * n, n), options_.heads, out[b].transpose(0, 1));
    }
    return out;
  }
  const auto split = [&](int64_t part) {  // [B * N, heads, F, dim_head]
    return qkv.narrow(-1, part * n, n)
        .unflatten(-1, {options_.heads, options_.dim_head})
        .permute({0, 2, 3, 1, 4})
        .flatten(0, 1);
  };
  const at::Tensor y = at::scaled_dot_product_attention(split(0), split(1), split(2));
  return y.unflatten(0, {batch, places}).permute({0, 3, 1, 2, 4}).flatten(3);
}

at::Tensor Attention::ForwardAddOverFrames(const at::Tensor& x, const at::Tensor& residual) const {
  return to_out_.ForwardAdd(AttendOverFrames(to_qkv_->Forward(x)), residual);
}

namespace {
AttentionOptions BlockOptions(const Weights& w, int64_t channels, int64_t dim_head) {
  if (dim_head < 1 || dim_head > channels)
    Fail("{}: heads of {} channels do not fit into {} channels", ModuleName(w), dim_head, channels);
  return {.query_dim = channels, .heads = channels / dim_head, .dim_head = dim_head, .bias = true};
}
}  // namespace

AttentionBlock::AttentionBlock(const Weights& w, int64_t channels, int64_t dim_head, int64_t groups, double eps,
                               double output_scale)
    : attention_(w, BlockOptions(w, channels, dim_head)), output_scale_(output_scale) {
  if (groups > 0) group_norm_.emplace(w.Sub("group_norm"), groups, channels, eps);
}

at::Tensor AttentionBlock::Forward(const at::Tensor& x) const {
  const at::Tensor normed = ToTokens(group_norm_ ? group_norm_->Forward(x) : x);
  at::Tensor y = ToMap(attention_.ForwardAdd(normed, ToTokens(x)), x.size(2), x.size(3));
  return output_scale_ == 1 ? y : y / output_scale_;
}

}  // namespace skipbench
