// Attention on the CPU with the kernels of cpu_kernels.h. Needs O(length) memory: scores exist for a block of keys
// only.
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/nn/cpu/cpu_kernels.h"

namespace skipbench::cpu {

// The kernels that can run attention of q [B, L, heads * dim], or null: then ATen does. float32 and bfloat16, as
// KernelsFor(); in bfloat16 `dim` must be even.
const Kernels* AttentionKernelsFor(const at::Tensor& q, int64_t heads);

// softmax(q k^T / sqrt(dim)) v for q [B, Lq, heads * dim], k and v [B, Lk, heads * dim], all of one type; any strides
// but a last one of 1. Scores and softmax are float32; in bfloat16 the softmax's weights are rounded before they meet
// v.
at::Tensor RunAttention(const Kernels& kernels, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        int64_t heads);
// The same into `out`, which has the shape of q and may have such strides, too.
void RunAttentionInto(const Kernels& kernels, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                      int64_t heads, const at::Tensor& out);

}  // namespace skipbench::cpu
