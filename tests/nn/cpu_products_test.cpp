// How products and attention are cut into tiles, for every set of kernels that this machine can run: maps with margins,
// lines outside, and results that depend neither on the batch nor on the threads. And what the emulated matrix unit
// computes, bit for bit.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "harness/nn/cpu/cpu_attention.h"
#include "harness/nn/cpu/cpu_gemm.h"
#include "tests/nn/cpu_variants.h"
#include "tests/nn/in_every_batch.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using cpu::Kernels;
using testing::ExpectSameInEveryBatch;
using testing::Name;
using testing::Variant;
using testing::Variants;

struct MapCase {
  int64_t in, out, height, width;
};

// A 3 x 3 convolution of x [B, H, W, C] as the layers cut it: margins left and right, lines above and below left out.
at::Tensor Convolve(const Variant& v, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor lines = at::constant_pad_nd(x, {0, 0, 1, 1}).contiguous();
  const int64_t height = x.size(1), width = x.size(2), place = x.size(3), line = (width + 2) * place;
  const cpu::PackedMatrix packed(v.kernels, {weight.flatten(2).transpose(1, 2)}, bias, false);
  at::Tensor y = at::empty({x.size(0), height, width, weight.size(0)}, v.dtype);
  cpu::Product product;
  product.weights = &packed;
  product.images = x.size(0);
  product.lines = height;
  product.places = width;
  product.sample_rows = height * width;
  for (int64_t up = -1; up <= 1; ++up)
    for (int64_t left = 0; left < 3; ++left)
      product.sources.push_back(
          {.base = static_cast<const char*>(lines.const_data_ptr()) + (up * line + left * place) * lines.element_size(),
           .image_stride = height * line,
           .line_stride = line,
           .place_stride = place,
           .k = place,
           .first_line = up < 0 ? 1 : 0,
           .last_line = up > 0 ? height - 1 : height});
  product.out = y.data_ptr();
  product.out_stride = weight.size(0);
  cpu::Run(product);
  return y;
}

constexpr MapCase kMaps[] = {{32, 40, 5, 5}, {96, 33, 3, 17}, {64, 16, 7, 3}, {6, 32, 4, 40}, {416, 64, 2, 16}};

at::Tensor RandomMap(const MapCase& c, int64_t batch, at::ScalarType dtype) {
  return at::randn({batch, c.height, c.width, c.in}).to(dtype);
}

TEST(CpuProducts, MapsMatchFloat64) {
  c10::InferenceMode inference;
  at::manual_seed(5);
  for (const Variant& v : Variants()) {
    for (const MapCase& c : kMaps) {
      SCOPED_TRACE(fmt::format("{}: {} -> {}, {} x {}", Name(v), c.in, c.out, c.height, c.width));
      const at::Tensor x = RandomMap(c, 3, v.dtype), bias = at::randn({c.out}).to(v.dtype);
      const at::Tensor w = (at::randn({c.out, c.in, 3, 3}) / std::sqrt(9.0 * c.in)).to(v.dtype);
      const auto reference = [](const at::Tensor& map, const at::Tensor& weight, const at::Tensor& b) {
        return at::conv2d(map.permute({0, 3, 1, 2}), weight, b, {1, 1}, {1, 1}).permute({0, 2, 3, 1});
      };
      const at::Tensor xd = x.to(at::kDouble), wd = w.to(at::kDouble), bd = bias.to(at::kDouble);
      const at::Tensor expected = reference(xd, wd, bd), magnitude = reference(xd.abs(), wd.abs(), bd.abs());
      // The result is rounded once, sums are float32.
      const double result = v.dtype == at::kBFloat16 ? 1.01 / 256 : 0;
      const at::Tensor bound = expected.abs() * result + magnitude * 3e-6;
      const at::Tensor error = (Convolve(v, x, w, bias).to(at::kDouble) - expected).abs();
      EXPECT_LE((error / bound).max().item<double>(), 1);
    }
  }
}

TEST(CpuProducts, MapsDependNeitherOnBatchNorThreads) {
  c10::InferenceMode inference;
  at::manual_seed(6);
  for (const Variant& v : Variants()) {
    for (const MapCase& c : kMaps) {
      SCOPED_TRACE(fmt::format("{}: {} -> {}, {} x {}", Name(v), c.in, c.out, c.height, c.width));
      const at::Tensor w = at::randn({c.out, c.in, 3, 3}).to(v.dtype);
      ExpectSameInEveryBatch(RandomMap(c, 3, v.dtype), [&](const at::Tensor& x) { return Convolve(v, x, w, {}); });
    }
  }
}

struct RowsCase {
  int64_t rows, depth, columns;
  bool gated;
};

at::Tensor Multiply(const at::Tensor& x, const cpu::PackedMatrix& packed) {
  const at::Tensor rows = x.contiguous();
  at::Tensor y = at::empty({x.size(0), x.size(1), packed.columns()}, x.options());
  cpu::Product product;
  product.weights = &packed;
  product.places = x.size(0) * x.size(1);
  product.sample_rows = x.size(1);
  product.sources = {{.base = rows.const_data_ptr(), .place_stride = x.size(2), .k = x.size(2)}};
  product.out = y.data_ptr();
  product.out_stride = packed.columns();
  cpu::Run(product);
  return y;
}

// One row of a sample, so few that no matrix unit is used, 16 and more; one pass over the depth and several.
TEST(CpuProducts, RowsDependNeitherOnBatchNorThreads) {
  c10::InferenceMode inference;
  at::manual_seed(7);
  for (const Variant& v : Variants()) {
    for (const RowsCase& c : std::initializer_list<RowsCase>{{1, 128, 320, false},
                                                             {7, 64, 40, false},
                                                             {16, 72, 33, false},
                                                             {21, 4000, 96, false},
                                                             {77, 96, 64, true},
                                                             {40, 832, 10, true}}) {
      SCOPED_TRACE(fmt::format("{}: {} x {} x {}", Name(v), c.rows, c.depth, c.columns));
      const at::Tensor w = at::randn({c.columns, 1, c.depth}).to(v.dtype);
      const cpu::PackedMatrix packed(v.kernels, {w}, at::randn({c.columns}), c.gated);
      ExpectSameInEveryBatch(at::randn({4, c.rows, c.depth}).to(v.dtype),
                             [&](const at::Tensor& x) { return Multiply(x, packed); });
    }
  }
}

struct AttentionCase {
  int64_t queries, keys, heads, dim;
};

TEST(CpuProducts, AttentionDependsNeitherOnBatchNorThreads) {
  c10::InferenceMode inference;
  at::manual_seed(8);
  for (const Variant& v : Variants()) {
    for (const AttentionCase& c : std::initializer_list<AttentionCase>{
             {16, 16, 2, 40}, {33, 77, 1, 64}, {70, 300, 3, 8}, {20, 513, 2, 72}, {1, 40, 2, 16}}) {
      SCOPED_TRACE(fmt::format("{}: {} queries, {} keys, {} heads of {}", Name(v), c.queries, c.keys, c.heads, c.dim));
      const int64_t inner = c.heads * c.dim;
      // Queries, keys and values of a sample side by side, so that one tensor is the batch.
      const at::Tensor qkv = at::randn({3, c.queries + 2 * c.keys, inner}).to(v.dtype);
      ExpectSameInEveryBatch(qkv, [&](const at::Tensor& x) {
        return cpu::RunAttention(*v.kernels, x.narrow(1, 0, c.queries), x.narrow(1, c.queries, c.keys),
                                 x.narrow(1, c.queries + c.keys, c.keys), c.heads);
      });
    }
  }
}

// It is there wherever there are kernels at all, and runs only where it is asked for.
TEST(CpuProducts, EmulatedTilesAreTheLastChoice) {
  const auto sets = cpu::RunnableKernels();
  if (sets.empty()) GTEST_SKIP() << "no AVX2";
  ASSERT_GE(sets.size(), 2);
  EXPECT_EQ(sets.back(), cpu::AmxEmulatedKernels());
  if (const Kernels* chosen = cpu::BestKernels())
    EXPECT_THAT(cpu::DescribeKernels(), ::testing::StartsWith(chosen->name));
}

float ToFloat(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }
float Flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

// TDPBF16PS as in Intel's Software Developer's Manual: one row of the left matrix, one column of the right one.
float TileSum(const uint16_t* left, const uint16_t* right, int64_t stride, float start) {
  float sums[2] = {};
  for (int64_t k = 0; k < 16; ++k)
    for (int64_t i = 0; i < 2; ++i)
      sums[i] = Flushed(std::fma(Flushed(ToFloat(left[2 * k + i])), Flushed(ToFloat(right[k * stride + i])), sums[i]));
  return Flushed(start + Flushed(sums[0] + sums[1]));
}

TEST(CpuProducts, EmulatedTilesAddInTheOrderOfTheInstruction) {
  const Kernels* kernels = cpu::AmxEmulatedKernels();
  const auto sets = cpu::RunnableKernels();
  if (std::find(sets.begin(), sets.end(), kernels) == sets.end()) GTEST_SKIP() << "no AVX2";
  const cpu::GemmKernel& gemm = kernels->bf16.tile_gemm;
  constexpr int kRows = 32, kColumns = 32, kDepth = 32;
  at::manual_seed(9);
  // Of all magnitudes, denormal numbers and products among them.
  const auto random = [](at::IntArrayRef shape) {
    return (at::randn(shape) * at::exp(at::randn(shape) * 25)).to(at::kBFloat16);
  };
  const at::Tensor x = random({kRows, kDepth}), panel = random({kDepth / 2, kColumns, 2});
  const at::Tensor start = at::randn({kRows, kColumns}), sums = at::empty({kRows, kColumns});
  const cpu::GemmSegment segment = {
      .a = x.const_data_ptr(), .second = x[16].const_data_ptr(), .row_stride = kDepth, .k = kDepth};
  cpu::GemmTile tile;
  tile.rows = tile.second_rows = 16;
  tile.segments = 1;
  tile.segment = &segment;
  tile.panel = panel.const_data_ptr();
  tile.start = start.const_data_ptr<float>();
  tile.partial = sums.mutable_data_ptr<float>();
  gemm.run(tile);
  kernels->bf16.release_tiles();
  const auto* left = static_cast<const uint16_t*>(x.const_data_ptr());
  const auto* right = static_cast<const uint16_t*>(panel.const_data_ptr());
  int different = 0;
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t column = 0; column < kColumns; ++column) {
      const float expected = TileSum(left + row * kDepth, right + 2 * column, 2 * kColumns,
                                     start.const_data_ptr<float>()[row * kColumns + column]);
      different += std::bit_cast<uint32_t>(expected) !=
                   std::bit_cast<uint32_t>(sums.const_data_ptr<float>()[row * kColumns + column]);
    }
  EXPECT_EQ(different, 0);
}

}  // namespace
}  // namespace skipbench
