// Convolutions by Winograd's minimal filtering, for every set of kernels that this machine can run: against float64 and
// against the sum itself, in every batch and with any number of threads. Layers that take them are in
// cpu_kernels_test.cpp.
#include "harness/nn/cpu/winograd.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/nn/cpu_variants.h"
#include "tests/nn/in_every_batch.h"

namespace skipbench {
namespace {

using cpu::Kernels;
using testing::ExpectSameInEveryBatch;

struct Map {
  int64_t in, out, height, width;
};
std::string Name(const Kernels* kernels, const Map& m) {
  return fmt::format("{}: {} -> {}, {} x {}", kernels->name, m.in, m.out, m.height, m.width);
}

// Vectors and panels that are not full, tiles by the hundred and more than are transformed at once, one tile only, and
// rows that are a page apart.
constexpr Map kMaps[] = {{64, 64, 16, 16}, {70, 40, 2, 6},  {9, 16, 4, 2},    {40, 33, 30, 18},
                         {24, 65, 2, 2},   {96, 8, 64, 64}, {1024, 24, 6, 8}, {600, 20, 40, 40}};

// x [B, H, W, C] -> [B, H, W, N].
at::Tensor Convolve(const Kernels* kernels, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    const at::Tensor& residual = {}) {
  const at::Tensor lines = at::constant_pad_nd(x, {0, 0, 1, 1}).contiguous();
  const cpu::PackedMatrix packed(kernels, {weight.flatten(2).transpose(1, 2)}, bias, false);
  at::Tensor y = at::empty({x.size(0), x.size(1), x.size(2), weight.size(0)});
  cpu::Run(cpu::WinogradConv{.weights = &packed,
                             .lines = lines.const_data_ptr<float>(),
                             .images = x.size(0),
                             .height = x.size(1),
                             .width = x.size(2),
                             .out = y.mutable_data_ptr<float>(),
                             .residual = residual.defined() ? residual.const_data_ptr<float>() : nullptr});
  return y;
}

at::Tensor Reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::conv2d(x.permute({0, 3, 1, 2}), weight, bias, {1, 1}, {1, 1}).permute({0, 2, 3, 1});
}
at::Tensor RandomWeight(const Map& m) { return at::randn({m.out, m.in, 3, 3}) / std::sqrt(9.0 * m.in); }

TEST(Winograd, MatchesFloat64) {
  c10::InferenceMode inference;
  at::manual_seed(21);
  for (const Kernels* kernels : cpu::RunnableKernels()) {
    for (const Map& m : kMaps) {
      SCOPED_TRACE(Name(kernels, m));
      const at::Tensor x = at::randn({2, m.height, m.width, m.in}), w = RandomWeight(m), bias = at::randn({m.out});
      const at::Tensor residual = at::randn({2, m.height, m.width, m.out});
      const at::Tensor xd = x.to(at::kDouble), wd = w.to(at::kDouble), bd = bias.to(at::kDouble);
      const at::Tensor rd = residual.to(at::kDouble);
      const at::Tensor expected = Reference(xd, wd, bd) + rd;
      // What every other kernel's sums keep to.
      const at::Tensor bound = (Reference(xd.abs(), wd.abs(), bd.abs()) + rd.abs()) * 3e-6;
      const at::Tensor error = (Convolve(kernels, x, w, bias, residual).to(at::kDouble) - expected).abs();
      EXPECT_LE((error / bound).max().item<double>(), 1);
      EXPECT_TRUE(at::equal(Convolve(kernels, x, w, {}), Convolve(kernels, x, w, at::zeros({m.out}))));
    }
  }
}

// Beside the same kernels' sum of all 9 C products.
TEST(Winograd, IsNoLessExactThanTheSumOfAllProducts) {
  c10::InferenceMode inference;
  at::manual_seed(22);
  for (const Kernels* kernels : cpu::RunnableKernels()) {
    for (const Map& m : std::initializer_list<Map>{{64, 64, 16, 16}, {320, 64, 16, 16}}) {
      SCOPED_TRACE(Name(kernels, m));
      const at::Tensor x = at::randn({1, m.height, m.width, m.in}), w = RandomWeight(m);
      const at::Tensor exact = Reference(x.to(at::kDouble), w.to(at::kDouble), {});
      const cpu::PackedMatrix packed(kernels, {w.flatten(2).reshape({m.out, 1, -1})}, {}, false);
      const at::Tensor patches =
          at::im2col(x.permute({0, 3, 1, 2}), {3, 3}, {1, 1}, {1, 1}, {1, 1}).transpose(1, 2).contiguous();
      at::Tensor sums = at::empty({m.height * m.width, m.out});
      cpu::Product product;
      product.weights = &packed;
      product.places = product.sample_rows = m.height * m.width;
      product.sources = {{.base = patches.const_data_ptr(), .place_stride = 9 * m.in, .k = 9 * m.in}};
      product.out = sums.data_ptr();
      product.out_stride = m.out;
      cpu::Run(product);
      const auto error = [&](const at::Tensor& y) {
        return (y.view_as(exact).to(at::kDouble) - exact).square().mean().sqrt().item<double>();
      };
      EXPECT_LE(error(Convolve(kernels, x, w, {})), error(sums));
    }
  }
}

TEST(Winograd, DependsNeitherOnBatchNorThreads) {
  c10::InferenceMode inference;
  at::manual_seed(23);
  for (const Kernels* kernels : cpu::RunnableKernels()) {
    for (const Map& m : kMaps) {
      SCOPED_TRACE(Name(kernels, m));
      const at::Tensor w = RandomWeight(m), bias = at::randn({m.out});
      ExpectSameInEveryBatch(at::randn({3, m.height, m.width, m.in}), [&](const at::Tensor& x) {
        const at::Tensor residual = x.narrow(3, 0, 1).expand({-1, -1, -1, m.out}).contiguous();
        return Convolve(kernels, x, w, bias, residual);
      });
    }
  }
}

TEST(Winograd, SuitsEvenMapsOfManyTilesAndChannels) {
  c10::InferenceMode inference;
  if (cpu::RunnableKernels().empty()) GTEST_SKIP() << "no AVX2";
  const auto suits = [](int64_t in, int64_t out, int64_t height, int64_t width, at::ScalarType dtype = at::kFloat) {
    const at::Tensor w = at::zeros({out, 9, in}, dtype);
    return cpu::WinogradSuits(cpu::PackedMatrix(cpu::RunnableKernels().back(), {w}, {}, false), height, width);
  };
  EXPECT_TRUE(suits(320, 320, 64, 64));
  EXPECT_TRUE(suits(64, 64, 16, 16));
  EXPECT_FALSE(suits(64, 64, 8, 8));
  EXPECT_FALSE(suits(64, 64, 17, 64));
  EXPECT_FALSE(suits(64, 64, 64, 17));
  EXPECT_FALSE(suits(4, 320, 64, 64));
  EXPECT_FALSE(suits(320, 4, 64, 64));
  EXPECT_FALSE(suits(320, 320, 64, 64, at::kBFloat16));
}

}  // namespace
}  // namespace skipbench
