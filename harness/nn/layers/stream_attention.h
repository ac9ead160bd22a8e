// Attention of diffusion transformers: over the tokens of one stream, over those of two streams together (Esser et al.
// 2024, MMDiT), or of one over the other; with norms of queries and keys, rotary positions and masks.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <utility>

#include "harness/nn/layers/conditioning_cache.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/module_outputs.h"
#include "harness/nn/layers/rotary.h"

namespace skipbench {

// softmax(q k^T / sqrt(dim_head)) v into `out` [B, Lq, inner]; q [B, Lq, inner], k and v [B, Lk, inner], any strides
// but a last one of 1. `mask` [B, Lk], if defined: keys with 0 are left out (a row of zeros leaves none out). Scores
// and softmax are float32. Counted as `name`.
void AttendInto(const std::string& name, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                const at::Tensor& mask, const at::Tensor& out);

struct StreamOptions {
  int64_t heads = 1;
  int64_t dim_head = 64;  // heads * dim_head is the width of the tokens
  QueryKeyNorm norm = QueryKeyNorm::kNone;
  double eps = 1e-6;  // of the norm
  int64_t width() const { return heads * dim_head; }
};

// Queries, keys and values of one stream: to_q, to_k, to_v, all with biases; norm_q, norm_k.
class StreamProjection {
 public:
  StreamProjection(const Weights& w, const StreamOptions& options);
  // Those of the text among two streams: add_q_proj, add_k_proj, add_v_proj; norm_added_q, norm_added_k.
  static StreamProjection Added(const Weights& w, const StreamOptions& options);

  // x [B, N, width] -> [B, N, 3 * width], queries and keys normed and turned by the first N rows of `rotary`.
  at::Tensor Forward(const at::Tensor& x, const RotaryTable* rotary) const;
  // The same into tokens `first` to `first + N` of `out` [B, L, 3 * width]; rotary's rows begin there, too.
  void ForwardInto(const at::Tensor& x, const RotaryTable* rotary, int64_t first, const at::Tensor& out) const;

 private:
  struct Names;
  StreamProjection(const Weights& w, const StreamOptions& options, const Names& names);
  void Prepare(const at::Tensor& from, const RotaryTable* rotary, int64_t first, const at::Tensor& to) const;

  int64_t width_;
  Linear to_qkv_;
  HeadPreparation query_, key_;
};

// One stream over itself.
class StreamAttention {
 public:
  // `with_output`: to_out.0, a linear layer behind it.
  StreamAttention(const Weights& w, const StreamOptions& options, bool with_output = true);
  at::Tensor Forward(const at::Tensor& x, const RotaryTable* rotary) const;  // [B, N, width] -> the same
  // Without to_out, into `out` [B, N, width], any strides but a last one of 1.
  void ForwardInto(const at::Tensor& x, const RotaryTable* rotary, const at::Tensor& out) const;

 private:
  std::string name_;
  StreamOptions options_;
  StreamProjection projection_;
  std::optional<Linear> to_out_;
};

// Two streams as one sequence, the text's tokens first; each has its own linear layers.
class JointAttention {
 public:
  // `text_ends`: nobody needs the text's tokens after this (no to_add_out).
  JointAttention(const Weights& w, const StreamOptions& options, bool text_ends);
  // image [B, N, width], text [B, L, width] -> the same (the second undefined where the text ends). Rows of `rotary`:
  // the text's tokens, then the image's.
  std::pair<at::Tensor, at::Tensor> Forward(const at::Tensor& image, const at::Tensor& text,
                                            const RotaryTable* rotary) const;

 private:
  std::string name_;
  StreamOptions options_;
  StreamProjection image_, text_;
  Linear to_out_;
  std::optional<Linear> to_add_out_;
};

// One stream over the tokens of a text, which stay as they are: to_q, norm_q, to_k, norm_k, to_v, to_out.0.
class StreamCrossAttention {
 public:
  StreamCrossAttention(const Weights& w, const StreamOptions& options, int64_t text_width);
  // Attention of x [B, N, width] plus `residual`, of the same shape. Keys and values are computed once for a context's
  // cache, of `context.tokens` [R, L, text_width]. `mask` [B, L] as in AttendInto(). x is asked for only where it is
  // needed: `modules`, if not null, may keep the attention, or hold what stands in its place.
  template <typename Input>
  at::Tensor ForwardAdd(const Input& x, const CrossAttentionContext& context, const at::Tensor& mask,
                        const at::Tensor& residual, ModuleOutputs* modules) const {
    if (modules && modules->Replaces(kCrossAttentionModule)) return residual + modules->Take(residual.sizes());
    return Project(Attend(x(), context, mask), residual, modules);
  }

 private:
  at::Tensor Attend(const at::Tensor& x, const CrossAttentionContext& context, const at::Tensor& mask) const;
  at::Tensor Project(const at::Tensor& attended, const at::Tensor& residual, ModuleOutputs* modules) const;
  at::Tensor KeyValue(const CrossAttentionContext& context) const;

  std::string name_;
  StreamOptions options_;
  Linear to_q_, to_kv_, to_out_;
  HeadPreparation query_, key_;
};

}  // namespace skipbench
