// Products with packed weights on the CPU: what linear layers and convolutions have in common. See cpu_kernels.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "harness/nn/cpu/cpu_kernels.h"

namespace skipbench::cpu {

// The kernels that run tensors of this dtype on this machine, or null: then ATen does. float32 and bfloat16 wherever
// there are kernels at all.
const Kernels* KernelsFor(at::ScalarType dtype);

// Those of `kernels` for tensors of this dtype, float32 or bfloat16.
inline const ElementKernels& KernelsOf(const Kernels& kernels, at::ScalarType dtype) {
  return dtype == at::kFloat ? kernels.f32 : kernels.bf16;
}

// A weight matrix in panels, as the kernels read it.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  // `weights`, one after the other along their rows: [N, taps, K] together (float32 or bfloat16, any strides, the same
  // for all). `bias` [N] or undefined. With `gated`, N = 2 n and column pairs (i, n + i) become one output h * gelu(g).
  // bfloat16 pads an odd K with a zero.
  PackedMatrix(const Kernels* kernels, const std::vector<at::Tensor>& weights, const at::Tensor& bias, bool gated);

  bool defined() const { return kernels_ != nullptr; }
  const Kernels& kernels() const { return *kernels_; }
  at::ScalarType dtype() const { return dtype_; }
  int64_t columns() const { return columns_; }  // of the output: N, or N / 2 when gated
  int64_t depth() const { return depth_; }      // K, with the padding
  int64_t panels() const { return panels_; }
  bool gated() const { return gated_; }

  struct Panel {
    const char* rows = nullptr;  // of all taps, row_bytes each
    int64_t row_bytes = 0;
    const float* bias = nullptr;  // null without bias
    int64_t column = 0;           // first output column
    int columns = 0;              // valid output columns
    bool narrow = false;          // half as wide
  };
  Panel At(int64_t panel) const;

 private:
  bool Narrow(int64_t panel) const { return !gated_ && columns_ - panel * kernels_->panel_width <= kernels_->lanes; }

  const Kernels* kernels_ = nullptr;
  at::ScalarType dtype_ = at::kFloat;
  int64_t columns_ = 0, taps_ = 1, depth_ = 0, panels_ = 0;
  bool gated_ = false;
  at::Tensor data_, bias_;
};

// Where the rows of the left matrix lie. Rows are the places of `images` maps with `lines` lines of `places` each; the
// row of (image, line, place) begins at base + image * image_stride + line * line_stride + place * place_stride, in
// elements.
struct RowSource {
  const void* base = nullptr;
  int64_t image_stride = 0, line_stride = 0, place_stride = 0;
  int64_t k = 0;  // values of a row
  // Lines outside are zeros and are left out (the margin above and below a map).
  int64_t first_line = 0, last_line = std::numeric_limits<int64_t>::max();
};

struct Product {
  const PackedMatrix* weights = nullptr;
  std::vector<RowSource> sources;  // side by side, in the order of the weights' rows
  int64_t images = 1, lines = 1, places = 0;
  void* out = nullptr;  // [images * lines * places] rows at out_stride
  int64_t out_stride = 0;
  const void* residual = nullptr;  // added; rows at residual_stride
  int64_t residual_stride = 0;
  Activation activation = Activation::kNone;  // of sums and bias; gated weights have their own
  // Rows that belong to one sample, whatever the batch: fewer than kFewRows are not worth a matrix unit's while.
  int64_t sample_rows = 1;
};
constexpr int64_t kFewRows = 16;

void Run(const Product& product);

}  // namespace skipbench::cpu
