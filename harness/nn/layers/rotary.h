// Rotary positions (Su et al. 2021) along several axes: a head's values are pairs, each axis turns its share of them by
// the token's place on it. And the root mean square norm of queries and keys, which goes before.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "harness/nn/weights/weights.h"

namespace skipbench {

struct RotaryTable {
  at::Tensor cos, sin;  // [tokens, dim_head / 2], float32

  // Of tokens at `places` [tokens, axes] (float64, on the CPU); dims[a] values of a head belong to axis a, pair k of
  // them turns by place * theta^(-2 k / dims[a]). Computed in float64.
  static RotaryTable At(const at::Tensor& places, const std::vector<int64_t>& dims, at::Device device,
                        double theta = 10000);
  // The places of a grid's tokens, the last axis fastest: [product of sizes, axes].
  static at::Tensor Grid(const std::vector<int64_t>& sizes);
};

enum class QueryKeyNorm { kNone, kHead, kAllHeads };  // normed head by head, or all heads of a token together

// What happens to queries or keys between projection and attention.
class HeadPreparation {
 public:
  // With a norm: "weight" [dim_head] or [heads * dim_head]; `eps` is the norm's.
  HeadPreparation(const Weights& w, int64_t heads, int64_t dim_head, QueryKeyNorm norm, double eps);
  bool Does(const RotaryTable* rotary) const { return rotary || weight_.defined(); }
  // x [B, N, heads * dim_head] normed and turned by rows `first` to `first + N` of `rotary` (null: not turned), into
  // `out` of the same shape, which may be x.
  void Run(const at::Tensor& x, const RotaryTable* rotary, int64_t first, const at::Tensor& out) const;

 private:
  at::Tensor RunAten(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) const;

  int64_t heads_, dim_head_;
  QueryKeyNorm norm_;
  double eps_;
  at::Tensor weight_;  // float32
};

}  // namespace skipbench
