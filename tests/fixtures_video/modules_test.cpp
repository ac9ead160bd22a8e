// Single layers of the video networks against diffusers: every inner output, and the module as a whole.
#include "harness/nn/layers/temporal.h"
#include "harness/nn/layers/transformer_2d.h"
#include "tests/fixtures_video/video_fixtures.h"

namespace skipbench {
namespace {

using testing::ForEachVideoCase;
using testing::Manifest;
using testing::ModelPath;
using testing::VideoCase;

Json UNetConfig(const Manifest& manifest, const VideoCase& c) {
  return ReadJsonFile(ModelPath(manifest, c.model) / "unet" / "config.json");
}

Weights ModuleWeights(const Manifest& manifest, const VideoCase& c) {
  return Weights::FromFolder(ModelPath(manifest, c.model) / "unet", "diffusion_pytorch_model")
      .Sub(c.json.at("module").get<std::string>());
}

// [B * F, C, H, W] -> [B, C, F, H, W], as the case's 5-D tensors are.
at::Tensor Unfold(const at::Tensor& folded, int64_t frames) { return UnfoldFrames(folded, frames); }

void CheckTemporalConv(const Manifest& manifest, const VideoCase& c) {
  const at::Tensor x = c.tensors.at("hidden_states");
  const int64_t channels = x.size(1), groups = UNetConfig(manifest, c).at("norm_num_groups");
  const Weights w = ModuleWeights(manifest, c);
  at::Tensor h = x.contiguous(at::MemoryFormat::ChannelsLast);
  for (int i = 1; i <= 4; ++i) {
    const Weights part = w.Sub("conv" + std::to_string(i));
    const GroupNorm norm(part.Sub("0"), groups, channels, 1e-5);
    const TemporalConv conv(part.Sub(i == 1 ? "2" : "3"), channels);
    const at::Tensor normed = norm.ForwardSiluMap(FramesBelowOneAnother(h, c.frames));
    h = conv.Forward(
        normed.permute({0, 2, 3, 1}).reshape({x.size(0), x.size(2), x.size(3), channels}).permute({0, 3, 1, 2}),
        c.frames);
    c.Expect("conv" + std::to_string(i), Unfold(h, c.frames));
  }
  c.Expect("output", TemporalConvLayer(w, channels, groups).Forward(x, c.frames));
}

// [B, F, N, D] -> [B * N, F, D], as the case's sequences are.
at::Tensor Sequences(const at::Tensor& tokens) { return tokens.transpose(1, 2).flatten(0, 1); }

void CheckTemporalTransformer(const Manifest& manifest, const VideoCase& c) {
  const at::Tensor x = c.tensors.at("hidden_states").contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t channels = x.size(1), groups = UNetConfig(manifest, c).at("norm_num_groups");
  const int64_t heads = c.json.at("heads"), dim = c.json.at("head_dim"), inner = heads * dim;
  const Weights w = ModuleWeights(manifest, c), block = w.Sub("transformer_blocks.0");
  const at::Tensor tokens = ToFrameTokens(x, c.frames);
  const at::Tensor normed =
      GroupNorm(w.Sub("norm"), groups, channels, 1e-6).Forward(FramesBelowOneAnother(x, c.frames));
  c.Expect("norm", normed.unflatten(2, {c.frames, x.size(2)}));
  at::Tensor h =
      Linear(w.Sub("proj_in"), channels, inner).Forward(normed.permute({0, 2, 3, 1}).reshape(tokens.sizes()));
  c.Expect("proj_in", Sequences(h));
  const at::Tensor zeros = at::zeros_like(h);
  for (const char* number : {"1", "2"}) {
    const at::Tensor n = LayerNorm(block.Sub(std::string("norm") + number), inner).Forward(h);
    c.Expect(std::string("norm") + number, Sequences(n));
    const Attention attention(block.Sub(std::string("attn") + number),
                              {.query_dim = inner, .heads = heads, .dim_head = dim});
    c.Expect(std::string("attn") + number, Sequences(attention.ForwardAddOverFrames(n, zeros)));
    h = attention.ForwardAddOverFrames(n, h);
  }
  const at::Tensor n = LayerNorm(block.Sub("norm3"), inner).Forward(h);
  c.Expect("norm3", Sequences(n));
  c.Expect("ff", Sequences(FeedForward(block.Sub("ff"), inner).ForwardAdd(n, zeros)));
  h = FeedForward(block.Sub("ff"), inner).ForwardAdd(n, h);
  c.Expect("block", Sequences(h));
  c.Expect("proj_out", Sequences(Linear(w.Sub("proj_out"), inner, channels).Forward(h)));
  c.Expect("output", TransformerTemporalModel(w, channels, heads, dim, groups).Forward(x, c.frames));
}

void CheckSpatialTransformer(const Manifest& manifest, const VideoCase& c) {
  const at::Tensor x = c.tensors.at("hidden_states").contiguous(at::MemoryFormat::ChannelsLast);
  const Json config = UNetConfig(manifest, c);
  const int64_t channels = x.size(1), groups = config.at("norm_num_groups"),
                context_dim = config.at("cross_attention_dim");
  const int64_t heads = c.json.at("heads"), dim = c.json.at("head_dim"), inner = heads * dim;
  const Weights w = ModuleWeights(manifest, c), block = w.Sub("transformer_blocks.0");
  const CrossAttentionContext context{c.tensors.at("context"), {}, nullptr};  // one row for all frames of a sample
  const at::Tensor normed = GroupNorm(w.Sub("norm"), groups, channels, 1e-6).Forward(x);
  c.Expect("norm", normed);
  at::Tensor h = Linear(w.Sub("proj_in"), channels, inner).Forward(ToTokens(normed));
  c.Expect("proj_in", h);
  const at::Tensor zeros = at::zeros_like(h);
  const AttentionOptions self{.query_dim = inner, .heads = heads, .dim_head = dim};
  AttentionOptions cross = self;
  cross.cross_attention_dim = context_dim;
  const Attention attn1(block.Sub("attn1"), self), attn2(block.Sub("attn2"), cross);
  at::Tensor n = LayerNorm(block.Sub("norm1"), inner).Forward(h);
  c.Expect("norm1", n);
  c.Expect("attn1", attn1.ForwardAdd(n, zeros));
  h = attn1.ForwardAdd(n, h);
  n = LayerNorm(block.Sub("norm2"), inner).Forward(h);
  c.Expect("norm2", n);
  c.Expect("attn2", attn2.ForwardAdd(n, context, zeros));
  h = attn2.ForwardAdd(n, context, h);
  n = LayerNorm(block.Sub("norm3"), inner).Forward(h);
  c.Expect("norm3", n);
  const FeedForward ff(block.Sub("ff"), inner);
  c.Expect("ff", ff.ForwardAdd(n, zeros));
  h = ff.ForwardAdd(n, h);
  c.Expect("block", h);
  c.Expect("proj_out", Linear(w.Sub("proj_out"), inner, channels).Forward(h));
  const Transformer2DModel whole(w, channels,
                                 {.heads = heads,
                                  .dim_head = dim,
                                  .cross_attention_dim = context_dim,
                                  .use_linear_projection = true,
                                  .norm_groups = groups});
  c.Expect("output", whole.Forward(x, context));
}

TEST(VideoFixtures, ModulesEqualDiffusers) {
  const auto is_module = [](const Json& row) {
    const std::string part = row.at("part");
    return part.starts_with("temporal_") || part == "transformer_in" || part == "spatial_transformer";
  };
  ForEachVideoCase("forward", is_module, [](const Manifest& manifest, const VideoCase& c) {
    if (c.part.starts_with("temporal_conv")) return CheckTemporalConv(manifest, c);
    if (c.part.starts_with("temporal_transformer") || c.part == "transformer_in")
      return CheckTemporalTransformer(manifest, c);
    if (c.part == "spatial_transformer") return CheckSpatialTransformer(manifest, c);
    ADD_FAILURE() << "a module this test does not know: " << c.part;
  });
}

}  // namespace
}  // namespace skipbench
