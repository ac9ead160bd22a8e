// The layers along time against ATen's own operators on [B, C, F, H, W], for several frame counts, batches and dtypes.
#include "harness/nn/layers/temporal.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

using testing::MaxAbsDiff;
using testing::RelativeDiff;
using Tensors = std::map<std::string, at::Tensor>;

at::Tensor Noise(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kFloat));
}

Tensors ConvLayerWeights(int64_t channels) {
  Tensors weights;
  for (int i = 1; i <= 4; ++i) {
    const std::string norm = fmt::format("conv{}.0.", i), conv = fmt::format("conv{}.{}.", i, i == 1 ? 2 : 3);
    weights[norm + "weight"] = 1 + 0.1 * Noise({channels}, 10 * i);
    weights[norm + "bias"] = 0.1 * Noise({channels}, 10 * i + 1);
    weights[conv + "weight"] = 0.3 * Noise({channels, channels, 3, 1, 1}, 10 * i + 2);
    weights[conv + "bias"] = 0.1 * Noise({channels}, 10 * i + 3);
  }
  return weights;
}

// TemporalConvLayer with ATen, x [B, C, F, H, W].
at::Tensor ConvLayer(const Tensors& w, const at::Tensor& x, int64_t groups) {
  at::Tensor h = x;
  for (int i = 1; i <= 4; ++i) {
    const std::string norm = fmt::format("conv{}.0.", i), conv = fmt::format("conv{}.{}.", i, i == 1 ? 2 : 3);
    h = at::silu(at::group_norm(h, groups, w.at(norm + "weight").to(h.scalar_type()),
                                w.at(norm + "bias").to(h.scalar_type()), 1e-5));
    h = at::conv3d(h, w.at(conv + "weight").to(h.scalar_type()), w.at(conv + "bias").to(h.scalar_type()), {1, 1, 1},
                   {1, 0, 0});
  }
  return x + h;
}

Weights Save(const testing::TempDir& dir, const Tensors& tensors, at::ScalarType dtype) {
  WriteTensorFile(dir / "w.safetensors", tensors);
  return Weights::FromFile(dir / "w.safetensors", {.dtype = dtype});
}

TEST(Temporal, FoldedFramesComeBack) {
  const at::Tensor clip = Noise({2, 3, 4, 5, 6}, 1);
  const at::Tensor folded = FoldFrames(clip);
  EXPECT_EQ(folded.sizes(), at::IntArrayRef({8, 3, 5, 6}));
  EXPECT_TRUE(folded.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(folded[1 * 4 + 2].equal(clip[1].select(1, 2)));  // index b * F + f
  EXPECT_TRUE(UnfoldFrames(folded, 4).equal(clip));
  // Nothing is moved for a look along time.
  EXPECT_EQ(FramesBelowOneAnother(folded, 4).const_data_ptr(), folded.const_data_ptr());
  EXPECT_EQ(ToFrameTokens(folded, 4).const_data_ptr(), folded.const_data_ptr());
  EXPECT_TRUE(FramesBelowOneAnother(folded, 4).unflatten(2, {4, 5}).equal(clip));
}

TEST(Temporal, ConvLayerEqualsConv3d) {
  for (const int64_t channels : {12, 36}) {
    const Tensors w = ConvLayerWeights(channels);
    const testing::TempDir dir;
    const TemporalConvLayer layer(Save(dir, w, at::kFloat), channels, 4);
    for (const int64_t frames : {1, 2, 3, 8})
      for (const int64_t batch : {1, 3}) {
        const at::Tensor x = Noise({batch, channels, frames, 3, 5}, 7 * frames + batch);
        const at::Tensor expected = ConvLayer(w, x.to(at::kDouble), 4);
        EXPECT_LE(RelativeDiff(UnfoldFrames(layer.Forward(FoldFrames(x), frames), frames), expected), 2e-6)
            << channels << " channels, " << frames << " frames, batch " << batch;
      }
  }
}

TEST(Temporal, ConvLayerInBfloat16StaysClose) {
  const int64_t channels = 32, frames = 5;
  const Tensors w = ConvLayerWeights(channels);
  const testing::TempDir dir;
  const TemporalConvLayer layer(Save(dir, w, at::kBFloat16), channels, 8);
  const at::Tensor x = Noise({2, channels, frames, 4, 4}, 3).to(at::kBFloat16);
  const at::Tensor expected = ConvLayer(w, x.to(at::kDouble), 8);
  EXPECT_LE(RelativeDiff(UnfoldFrames(layer.Forward(FoldFrames(x), frames), frames), expected), 0.02);
}

// Every place attends over its own frames, not over other places or samples.
TEST(Temporal, AttentionOverFramesEqualsAttentionOfSequences) {
  const int64_t heads = 3, dim = 8, inner = heads * dim, batch = 2, frames = 5, places = 6;
  Tensors w;
  for (const char* name : {"to_q", "to_k", "to_v", "to_out.0"})
    w[std::string(name) + ".weight"] = 0.3 * Noise({inner, inner}, name[3]);
  w["to_out.0.bias"] = Noise({inner}, 99);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const testing::TempDir dir;
    const Attention attention(Save(dir, w, dtype), {.query_dim = inner, .heads = heads, .dim_head = dim});
    const at::Tensor x = Noise({batch, frames, places, inner}, 5).to(dtype),
                     residual = Noise({batch, frames, places, inner}, 6).to(dtype);
    const at::Tensor sequences = x.transpose(1, 2).flatten(0, 1);  // [B * N, F, inner]
    const at::Tensor expected = attention.ForwardAdd(sequences, residual.transpose(1, 2).flatten(0, 1));
    const at::Tensor got = attention.ForwardAddOverFrames(x, residual).transpose(1, 2).flatten(0, 1);
    EXPECT_LE(MaxAbsDiff(got, expected), dtype == at::kFloat ? 1e-6 : 0.05);
  }
}

// A context of one row for each sample serves all its frames.
TEST(Temporal, CrossAttentionSharesTheContextAmongFrames) {
  const int64_t heads = 2, dim = 8, inner = heads * dim, context_dim = 10, batch = 2, frames = 3, places = 7;
  Tensors w;
  w["to_q.weight"] = 0.3 * Noise({inner, inner}, 1);
  w["to_k.weight"] = 0.3 * Noise({inner, context_dim}, 2);
  w["to_v.weight"] = 0.3 * Noise({inner, context_dim}, 3);
  w["to_out.0.weight"] = 0.3 * Noise({inner, inner}, 4);
  w["to_out.0.bias"] = Noise({inner}, 5);
  const testing::TempDir dir;
  const Attention attention(Save(dir, w, at::kFloat),
                            {.query_dim = inner, .heads = heads, .dim_head = dim, .cross_attention_dim = context_dim});
  const at::Tensor x = Noise({batch * frames, places, inner}, 6), context = Noise({batch, 4, context_dim}, 7);
  const at::Tensor repeated =
      attention.ForwardAdd(x, CrossAttentionContext{context.repeat_interleave(frames, 0), {}, nullptr}, x);
  EXPECT_LE(MaxAbsDiff(attention.ForwardAdd(x, CrossAttentionContext{context, {}, nullptr}, x), repeated), 1e-6);
}

}  // namespace
}  // namespace skipbench
