// The CPU's own kernels, every set that this machine can run, against float64: what is rounded, and where sums are
// float32.
#include "harness/nn/cpu/cpu_kernels.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "harness/nn/cpu/cpu_attention.h"
#include "harness/nn/cpu/cpu_gemm.h"
#include "harness/nn/cpu/packed.h"
#include "tests/nn/cpu_variants.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using cpu::Activation;
using cpu::Kernels;
using testing::Name;
using testing::Variant;
using testing::Variants;

at::Tensor Random(at::IntArrayRef shape, at::ScalarType dtype) { return at::randn(shape).to(dtype); }

// Half the distance of neighbouring bfloat16 numbers, relative to them, at most; a little more for the float32 below.
constexpr double kHalfUlp = 1.01 / 256;

// |value - expected| is at most what rounding the result to its type costs, plus float32 rounding of a sum whose terms'
// magnitudes add up to `magnitude`.
void ExpectRounded(const at::Tensor& value, const at::Tensor& expected, const at::Tensor& magnitude) {
  const double result = value.scalar_type() == at::kBFloat16 ? kHalfUlp : 0;
  const at::Tensor bound = expected.abs() * result + magnitude * 3e-6 + 1e-12;
  const double worst = ((value.to(at::kDouble) - expected).abs() / bound).max().item<double>();
  EXPECT_LE(worst, 1);
}

struct MatrixCase {
  int64_t rows, depth, columns;
  bool bias, residual;
  cpu::Activation activation;
  bool gated() const { return activation == cpu::Activation::kGeglu; }
};

void CheckMatrix(const Variant& v, const MatrixCase& c) {
  const at::Tensor x = Random({c.rows, c.depth}, v.dtype),
                   w = Random({c.columns, c.depth}, v.dtype) / std::sqrt(c.depth);
  const at::Tensor bias = c.bias ? Random({c.columns}, v.dtype) : at::Tensor();
  const int64_t out = c.gated() ? c.columns / 2 : c.columns;
  const at::Tensor residual = c.residual ? Random({c.rows, out}, v.dtype) : at::Tensor();
  at::Tensor y = at::empty({c.rows, out}, v.dtype);
  const cpu::PackedMatrix packed(v.kernels, {w.unsqueeze(1)}, bias, c.gated());
  cpu::Product product;
  product.weights = &packed;
  product.places = product.sample_rows = c.rows;
  product.sources = {{.base = x.const_data_ptr(), .place_stride = c.depth, .k = c.depth}};
  product.out = y.data_ptr();
  product.out_stride = out;
  if (c.residual) product.residual = residual.const_data_ptr();
  product.residual_stride = out;
  product.activation = c.activation;
  cpu::Run(product);

  const at::Tensor xd = x.to(at::kDouble), wd = w.to(at::kDouble);
  at::Tensor expected = at::matmul(xd, wd.t()), magnitude = at::matmul(xd.abs(), wd.abs().t());
  if (c.bias) expected += bias.to(at::kDouble), magnitude += bias.to(at::kDouble).abs();
  if (c.activation == cpu::Activation::kGeluTanh)
    expected = at::gelu(expected, "tanh"), magnitude = magnitude * 1.2 + 1;
  if (c.gated()) {
    const at::Tensor g = expected.narrow(1, out, out), h = expected.narrow(1, 0, out);
    magnitude = magnitude.narrow(1, 0, out) * (1 + g.abs()) + magnitude.narrow(1, out, out) * (1 + h.abs());
    expected = h * at::gelu(g);
  }
  if (c.residual) expected += residual.to(at::kDouble), magnitude += residual.to(at::kDouble).abs();
  ExpectRounded(y, expected, magnitude);
}

TEST(CpuKernels, MatrixProducts) {
  c10::InferenceMode inference;
  at::manual_seed(1);
  for (const Variant& v : Variants()) {
    for (const MatrixCase& c : std::initializer_list<MatrixCase>{{1, 8, 4, true, false, Activation::kNone},
                                                                 {5, 40, 33, false, true, Activation::kNone},
                                                                 {29, 322, 96, true, true, Activation::kNone},
                                                                 {300, 64, 16, true, false, Activation::kNone},
                                                                 {14, 7000, 70, false, false, Activation::kNone},
                                                                 {37, 128, 160, true, false, Activation::kGeglu},
                                                                 {3, 12, 10, true, false, Activation::kGeglu},
                                                                 {21, 64, 90, true, true, Activation::kGeglu},
                                                                 {1, 6, 5, false, false, Activation::kGeluTanh},
                                                                 {31, 96, 77, true, false, Activation::kGeluTanh},
                                                                 {16, 7000, 48, true, true, Activation::kGeluTanh}}) {
      SCOPED_TRACE(fmt::format("{}: {} x {} x {}", Name(v), c.rows, c.depth, c.columns));
      CheckMatrix(v, c);
    }
  }
}

struct AttentionCase {
  int64_t queries, keys, heads, dim;
};

TEST(CpuKernels, Attention) {
  c10::InferenceMode inference;
  at::manual_seed(2);
  for (const Variant& v : Variants()) {
    for (const AttentionCase& c : std::initializer_list<AttentionCase>{
             {1, 1, 1, 2}, {5, 77, 2, 40}, {64, 300, 1, 64}, {30, 257, 3, 160}, {17, 513, 2, 8}, {200, 20, 2, 6}}) {
      SCOPED_TRACE(fmt::format("{}: {} queries, {} keys, {} heads of {}", Name(v), c.queries, c.keys, c.heads, c.dim));
      // Slices of a wider tensor, as to_qkv gives them; scores large enough for the running maximum to move.
      const int64_t inner = c.heads * c.dim;
      const at::Tensor q = Random({2, c.queries, 3 * inner}, v.dtype).narrow(2, inner, inner) * 2;
      const at::Tensor kv = Random({2, c.keys, 2 * inner}, v.dtype);
      const at::Tensor k = kv.narrow(2, 0, inner), value = kv.narrow(2, inner, inner);
      const at::Tensor y = cpu::RunAttention(*v.kernels, q, k, value, c.heads);
      const auto split = [&](const at::Tensor& t) {
        return t.to(at::kDouble).unflatten(-1, {c.heads, c.dim}).transpose(1, 2);
      };
      const at::Tensor weights = at::softmax(at::matmul(split(q), split(k).transpose(-1, -2)) / std::sqrt(c.dim), -1);
      const at::Tensor expected = at::matmul(weights, split(value)).transpose(1, 2).flatten(2);
      const at::Tensor magnitude = at::matmul(weights, split(value).abs()).transpose(1, 2).flatten(2);
      // A weight is rounded once, the result once more; float32 scores are off by 1e-6 of their terms' sum.
      const double bound = v.dtype == at::kBFloat16 ? 2 * kHalfUlp : 3e-5;
      const double worst = ((y.to(at::kDouble) - expected).abs() / (magnitude + 1e-6)).max().item<double>();
      EXPECT_LE(worst, bound);
    }
  }
}

TEST(CpuKernels, LayerNorm) {
  at::manual_seed(3);
  for (const Variant& v : Variants()) {
    for (int64_t features : {5, 32, 100, 320}) {
      SCOPED_TRACE(fmt::format("{}: {} features", Name(v), features));
      const at::Tensor x = (at::randn({7, features}) * 3 + 50).to(v.dtype), weight = at::randn({features}),
                       bias = at::randn({features});
      at::Tensor y = at::empty_like(x);
      cpu::KernelsOf(*v.kernels, v.dtype)
          .layer_norm(x.const_data_ptr(), 7, features, weight.const_data_ptr<float>(), bias.const_data_ptr<float>(),
                      1e-5f, y.data_ptr());
      const at::Tensor expected =
          at::layer_norm(x.to(at::kDouble), {features}, weight.to(at::kDouble), bias.to(at::kDouble), 1e-5);
      ExpectRounded(y, expected, at::full_like(expected, 50));
    }
  }
}

// Where it is all and nothing, and where a sum is no number.
TEST(CpuKernels, GeluTanhAtItsEnds) {
  c10::InferenceMode inference;
  for (const Variant& v : Variants()) {
    SCOPED_TRACE(Name(v));
    const at::Tensor x = at::tensor({-1e30, -1e4, -8.0, 0.0, 8.0, 1e4, 1e30, double(NAN)}).unsqueeze(1);
    const at::Tensor rows = at::cat({x, at::zeros_like(x)}, 1).to(v.dtype);
    at::Tensor y = at::empty({8, 1}, v.dtype);
    const cpu::PackedMatrix packed(v.kernels, {at::ones({1, 1, 2}, v.dtype)}, {}, false);
    cpu::Product product;
    product.weights = &packed;
    product.places = 8;
    product.sources = {{.base = rows.const_data_ptr(), .place_stride = 2, .k = 2}};
    product.out = y.data_ptr();
    product.out_stride = 1;
    product.activation = cpu::Activation::kGeluTanh;
    cpu::Run(product);
    EXPECT_TRUE(y[7].isnan().item<bool>());
    const at::Tensor expected = at::gelu(rows.to(at::kDouble).narrow(1, 0, 1), "tanh").narrow(0, 0, 7);
    ExpectRounded(y.narrow(0, 0, 7), expected, at::ones_like(expected));
  }
}

// A bfloat16 number of every kind comes out of a store as it would out of ATen's conversion.
TEST(CpuKernels, RoundingToBfloat16) {
  at::Tensor x = at::randn({4096}) * at::exp(at::randn({4096}) * 20);
  x[0] = 0.0f, x[1] = -0.0f, x[2] = INFINITY, x[3] = -INFINITY, x[4] = 1.00390625f, x[5] = 1.01171875f;
  const at::Tensor one = at::ones({4096}), zero = at::zeros({4096});
  for (const Kernels* kernels : cpu::RunnableKernels()) {
    SCOPED_TRACE(kernels->name);
    const at::Tensor wide = x.to(at::kBFloat16);
    at::Tensor y = at::empty({4096}, at::kBFloat16);
    // Half of a bfloat16 plus a part of x's last place: what has to be rounded.
    const at::Tensor scale = at::rand({4096}) + 0.5;
    kernels->bf16.affine(wide.const_data_ptr(), 4096, 1, 4096, scale.const_data_ptr<float>(),
                         zero.const_data_ptr<float>(), false, y.data_ptr(), 4096);
    EXPECT_TRUE(at::equal(y, (wide.to(at::kFloat) * scale).to(at::kBFloat16)));
  }
}

struct ConvCase {
  int64_t in, out, kernel, stride, padding, end_padding, height, width;
};

// Through the layer, on the set that is used here (or ATen, where there is none).
TEST(PackedConv2d, MatchesFloat64) {
  c10::InferenceMode inference;
  at::manual_seed(4);
  for (at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    for (const ConvCase& c : std::initializer_list<ConvCase>{{4, 32, 3, 1, 1, 1, 9, 7},
                                                             {3, 40, 3, 1, 1, 1, 8, 8},
                                                             {33, 17, 3, 2, 1, 1, 10, 12},
                                                             {16, 48, 3, 2, 0, 1, 8, 8},
                                                             {64, 5, 1, 1, 0, 0, 6, 5},
                                                             {7, 8, 1, 1, 0, 0, 6, 5},
                                                             {320, 96, 3, 1, 1, 1, 6, 20},
                                                             {64, 96, 3, 1, 1, 1, 16, 20},
                                                             {64, 96, 3, 1, 1, 1, 17, 20},
                                                             {64, 80, 3, 2, 1, 1, 32, 32},
                                                             {64, 80, 3, 2, 0, 1, 32, 32}}) {
      SCOPED_TRACE(
          fmt::format("{}: {} -> {}, kernel {}, stride {}", at::toString(dtype), c.in, c.out, c.kernel, c.stride));
      const at::Tensor x = Random({2, c.in, c.height, c.width}, dtype).contiguous(at::MemoryFormat::ChannelsLast);
      const at::Tensor w = Random({c.out, c.in, c.kernel, c.kernel}, dtype) / std::sqrt(c.in * c.kernel * c.kernel),
                       bias = Random({c.out}, dtype);
      const PackedConv2d conv(w, bias, c.stride, c.padding, c.end_padding);
      const auto reference = [&](const at::Tensor& in, const at::Tensor& weight, const at::Tensor& b) {
        const int64_t more = c.end_padding - c.padding;
        return at::conv2d(at::constant_pad_nd(in, {0, more, 0, more}), weight, b, {c.stride, c.stride},
                          {c.padding, c.padding});
      };
      const at::Tensor xd = x.to(at::kDouble), wd = w.to(at::kDouble), bd = bias.to(at::kDouble);
      const at::Tensor expected = reference(xd, wd, bd), magnitude = reference(xd.abs(), wd.abs(), bd.abs());
      ExpectRounded(conv.Forward(ConvInput(x)), expected, magnitude);
      const at::Tensor other = Random(expected.sizes(), dtype);
      // ATen, which takes odd depths of 1x1 kernels in bfloat16, rounds before it adds; the kernels do not.
      const bool by_aten = !RunsPacked(x) || (c.kernel == 1 && c.in % 2 != 0);
      const double sums = dtype == at::kBFloat16 && by_aten ? kHalfUlp : 0;
      ExpectRounded(conv.Forward(ConvInput(x), other), expected + other.to(at::kDouble),
                    magnitude + other.to(at::kDouble).abs() + expected.abs() * (sums / 3e-6));
    }
  }
}

}  // namespace
}  // namespace skipbench
