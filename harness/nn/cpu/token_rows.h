// What transformers do to the rows of tokens between their products, on the CPU in one pass each: float32 and bfloat16,
// computed in float32 and rounded once. Results depend neither on the number of threads nor on the batch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace skipbench::cpu {

// Whether the functions below run tensors like this.
bool RunsTokenRows(const at::Tensor& t);

// h = x + gate h for x and h [B, N, dim], contiguous, of one type; gate [1 or B, dim] float32, contiguous. Changes h.
void GatedAdd(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& h);

// norm(x) (1 + scale) + shift over the last dimension, as a layer norm without weights: x [B, N, dim] contiguous;
// factor = 1 + scale and shift [1 or B, dim] float32, contiguous.
at::Tensor NormAndModulate(const at::Tensor& x, double eps, const at::Tensor& factor, const at::Tensor& shift);

// Rows of queries or keys: heads of dim_head values, normalised by their root mean square and turned by pairs.
struct HeadRows {
  int64_t heads = 1, dim_head = 0;
  const float* weight =
      nullptr;  // null: no norm; [dim_head], or [heads * dim_head] where all heads are normed together
  bool across_heads = false;
  double eps = 0;
  const float *cos = nullptr, *sin = nullptr;  // null: not turned; [N, dim_head / 2], of the row of each token
};
// x and out [B, N, heads * dim_head], any strides but a last one of 1; `out` may be x.
void NormAndRotate(const at::Tensor& x, const HeadRows& rows, const at::Tensor& out);

}  // namespace skipbench::cpu
