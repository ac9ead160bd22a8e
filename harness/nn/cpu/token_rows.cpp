#include "harness/nn/cpu/token_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/nn/cpu/cpu_gemm.h"

namespace skipbench::cpu {

namespace {

constexpr int64_t kGrain = 8192;  // values that are worth a thread

// Calls rows(batch row, first token, end) for stretches of all tokens.
template <typename Rows>
void OverTokens(int64_t batch, int64_t tokens, int64_t width, const Rows& rows) {
  at::parallel_for(0, batch * tokens, std::max<int64_t>(1, kGrain / width), [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t b = begin / tokens, stop = std::min(end, (b + 1) * tokens);
      rows(b, begin - b * tokens, stop - b * tokens);
      begin = stop;
    }
  });
}

const float* RowOf(const at::Tensor& table, int64_t b) {
  return table.const_data_ptr<float>() + (table.size(0) == 1 ? 0 : b * table.size(1));
}

// Sixteen sums side by side, whatever the vectors of the CPU: the same order of additions everywhere.
template <typename T>
float SumOfSquares(const T* x, int64_t n) {
  constexpr int64_t kSums = 16;
  float sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= n; i += kSums)
    for (int64_t k = 0; k < kSums; ++k) sums[k] += static_cast<float>(x[i + k]) * static_cast<float>(x[i + k]);
  for (; i < n; ++i) sums[i % kSums] += static_cast<float>(x[i]) * static_cast<float>(x[i]);
  float total = 0;
  for (float sum : sums) total += sum;
  return total;
}

template <typename T>
float InverseRms(const T* x, int64_t n, double eps) {
  return 1 / std::sqrt(SumOfSquares(x, n) / static_cast<float>(n) + static_cast<float>(eps));
}

template <typename T>
void RotateOf(const at::Tensor& x, const HeadRows& t, const at::Tensor& out) {
  const int64_t dim = t.dim_head, width = t.heads * dim, half = dim / 2;
  OverTokens(x.size(0), x.size(1), width, [&](int64_t b, int64_t begin, int64_t end) {
    std::vector<float> values(dim);
    for (int64_t token = begin; token < end; ++token) {
      const T* from = x.const_data_ptr<T>() + b * x.stride(0) + token * x.stride(1);
      T* to = out.mutable_data_ptr<T>() + b * out.stride(0) + token * out.stride(1);
      float inverse = t.weight && t.across_heads ? InverseRms(from, width, t.eps) : 1;
      for (int64_t head = 0; head < t.heads; ++head, from += dim, to += dim) {
        if (t.weight && !t.across_heads) inverse = InverseRms(from, dim, t.eps);
        const float* weight = t.weight && t.across_heads ? t.weight + head * dim : t.weight;
        for (int64_t i = 0; i < dim; ++i)
          values[i] = weight ? static_cast<float>(from[i]) * inverse * weight[i] : static_cast<float>(from[i]);
        if (t.cos) {
          const float *cos = t.cos + token * half, *sin = t.sin + token * half;
          for (int64_t i = 0; i < half; ++i) {
            const float even = values[2 * i], odd = values[2 * i + 1];
            values[2 * i] = even * cos[i] - odd * sin[i];
            values[2 * i + 1] = even * sin[i] + odd * cos[i];
          }
        }
        for (int64_t i = 0; i < dim; ++i) to[i] = static_cast<T>(values[i]);
      }
    }
  });
}

}  // namespace

bool RunsTokenRows(const at::Tensor& t) {
  return t.is_cpu() && BestKernels() && (t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16);
}

void GatedAdd(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& h) {
  const ElementKernels& kernels = KernelsOf(*BestKernels(), x.scalar_type());
  const int64_t tokens = x.size(1), width = x.size(2), size = static_cast<int64_t>(x.element_size());
  OverTokens(x.size(0), tokens, width, [&](int64_t b, int64_t begin, int64_t end) {
    const int64_t at = (b * tokens + begin) * width * size;
    kernels.gated_add(static_cast<const char*>(x.const_data_ptr()) + at, end - begin, width, RowOf(gate, b),
                      static_cast<char*>(h.data_ptr()) + at);
  });
}

at::Tensor NormAndModulate(const at::Tensor& x, double eps, const at::Tensor& factor, const at::Tensor& shift) {
  const ElementKernels& kernels = KernelsOf(*BestKernels(), x.scalar_type());
  at::Tensor y = at::empty_like(x);
  const int64_t tokens = x.size(1), width = x.size(2);
  OverTokens(x.size(0), tokens, width, [&](int64_t b, int64_t begin, int64_t end) {
    const int64_t at = (b * tokens + begin) * width * static_cast<int64_t>(x.element_size());
    kernels.layer_norm(static_cast<const char*>(x.const_data_ptr()) + at, end - begin, width, RowOf(factor, b),
                       RowOf(shift, b), static_cast<float>(eps), static_cast<char*>(y.data_ptr()) + at);
  });
  return y;
}

void NormAndRotate(const at::Tensor& x, const HeadRows& rows, const at::Tensor& out) {
  x.scalar_type() == at::kFloat ? RotateOf<float>(x, rows, out) : RotateOf<at::BFloat16>(x, rows, out);
}

}  // namespace skipbench::cpu
