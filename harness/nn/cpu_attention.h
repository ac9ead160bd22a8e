// Attention on the CPU with the kernels of cpu_kernels.h. Needs O(length) memory: scores exist for a block of keys only.
#pragma once

#include <ATen/core/Tensor.h>

namespace skipbench::cpu {

// Whether RunAttention can take tensors of this kind.
bool CanRunAttention(const at::Tensor& q);

// softmax(q k^T / sqrt(dim)) v for q [B, Lq, heads * dim], k and v [B, Lk, heads * dim]; any strides but a last one of 1.
at::Tensor RunAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads);

}  // namespace skipbench::cpu
