// 3 x 3 convolutions of float32 by Winograd's minimal filtering F(2 x 2, 3 x 3) (Lavin & Gray 2016, arXiv:1509.09308):
// a tile of 2 x 2 outputs takes 16 products for each pair of channels in place of 36. Sums are of C products in place
// of 9 C, so that rounding errors are no larger than those of the sum itself.
#pragma once

#include <cstdint>

#include "harness/nn/cpu/cpu_gemm.h"

namespace skipbench::cpu {

// A convolution with a stride of 1 and one line and one column of zeros on each side.
struct WinogradConv {
  const PackedMatrix* weights = nullptr;  // [N, 9, C]
  const float* lines = nullptr;           // [images, height, 1 + width + 1, C], margins of zeros
  int64_t images = 1, height = 0, width = 0;
  float* out = nullptr;             // [images, height, width, N]
  const float* residual = nullptr;  // added, like `out`; null: none
};

// Whether the minimal filter is worth its transforms, a fact of the layer and of one sample's map, whose height and
// width must be even.
bool WinogradSuits(const PackedMatrix& weights, int64_t height, int64_t width);
// The results depend neither on the number of threads nor on the batch.
void Run(const WinogradConv& conv);

}  // namespace skipbench::cpu
