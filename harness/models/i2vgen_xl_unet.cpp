#include "harness/models/i2vgen_xl_unet.h"

#include <ATen/ATen.h>

#include "harness/models/config.h"
#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {

constexpr const char *kTokens = "encoder_hidden_states", *kImageLatents = "image_latents",
                     *kImageEmbeddings = "image_embeddings", *kEncodedImageLatents = "encoded_image_latents",
                     *kFps = "fps";
constexpr int64_t kEncoderHeads = 2, kPooledSide = 32;

// Every bin's mean; on the meta device only the shape. Hook-based counters count one for each input.
at::Tensor PoolTo32(const at::Tensor& x, const std::string& name) {
  if (x.is_meta()) {
    CountMacs(name, "pool", {x.numel(), 0});
    return at::empty({x.size(0), x.size(1), kPooledSide, kPooledSide}, x.options());
  }
  return at::adaptive_avg_pool2d(x, {kPooledSide, kPooledSide});
}

}  // namespace

I2VGenXLTransformerTemporalEncoder::I2VGenXLTransformerTemporalEncoder(const Weights& w, int64_t dim)
    : norm1_(w.Sub("norm1"), dim),
      attn1_(w.Sub("attn1"), {.query_dim = dim, .heads = kEncoderHeads, .dim_head = dim}),
      proj_(w.Sub("ff.net.0.proj"), dim, 4 * dim),
      out_(w.Sub("ff.net.2"), 4 * dim, dim) {}

at::Tensor I2VGenXLTransformerTemporalEncoder::Forward(const at::Tensor& x) const {
  const at::Tensor h = attn1_.ForwardAddOverFrames(norm1_.Forward(x), x);
  return out_.ForwardAdd(at::gelu(proj_.Forward(h)), h);
}

UNet3DConditionModel::Config I2VGenXLUNet::ParseConfig(const JsonReader& json) {
  CheckClassName<I2VGenXLUNet>(json);
  const Config config = ParseCommon(json);
  if (config.in_channels != 4) FailUnsupportedValue(json, "in_channels", "4: the image latents have as many");
  IgnoreTheRest(json, {"num_attention_heads"});  // ignored by diffusers, too: attention_head_dim counts
  return config;
}

I2VGenXLUNet::I2VGenXLUNet(const Config& config, const Weights& w)
    : UNet3DConditionModel(config, w, 2 * config.in_channels),
      temporal_encoder_(w.Sub("image_latents_temporal_encoder"), config.in_channels),
      context_in_(w.Sub("context_embedding.0"), config.cross_attention_dim, config.time_width()),
      context_out_(w.Sub("context_embedding.2"), config.time_width(), config.cross_attention_dim * config.in_channels),
      fps_in_(w.Sub("fps_embedding.0"), config.block_out_channels[0], config.time_width()),
      fps_out_(w.Sub("fps_embedding.2"), config.time_width(), config.time_width()) {
  const int64_t in = config.in_channels;
  const Weights proj_in = w.Sub("image_latents_proj_in"), embedding = w.Sub("image_latents_context_embedding");
  image_latents_proj_in_.emplace_back(proj_in.Sub("0"), Conv2dOptions{in, 4 * in});
  image_latents_proj_in_.emplace_back(proj_in.Sub("2"), Conv2dOptions{4 * in, 4 * in});
  image_latents_proj_in_.emplace_back(proj_in.Sub("4"), Conv2dOptions{4 * in, in});
  image_latents_context_embedding_.emplace_back(embedding.Sub("0"), Conv2dOptions{in, 8 * in});
  image_latents_context_embedding_.emplace_back(embedding.Sub("3"), Conv2dOptions{8 * in, 16 * in, 3, 2});
  image_latents_context_embedding_.emplace_back(embedding.Sub("5"),
                                                Conv2dOptions{16 * in, config.cross_attention_dim, 3, 2});
}

std::map<std::string, ConditioningInput> I2VGenXLUNet::conditioning(at::IntArrayRef latent) const {
  auto inputs = UNet3DConditionModel::conditioning(latent);
  inputs[kImageLatents] = {.row = latent.vec()};
  inputs[kImageEmbeddings] = {.row = {config_.cross_attention_dim}};
  inputs[kFps] = {};
  return inputs;
}

// [B, 4, h, w] -> [B, 64, D]: 8 x 8 places, whatever the size of the latents.
at::Tensor I2VGenXLUNet::ImageLatentTokens(const at::Tensor& first_frame) const {
  const auto& conv = image_latents_context_embedding_;
  at::Tensor x = at::silu(conv[0].Forward(first_frame.contiguous(at::MemoryFormat::ChannelsLast)));
  x = at::silu(
      conv[1].Forward(PoolTo32(x, "image_latents_context_embedding.2").contiguous(at::MemoryFormat::ChannelsLast)));
  return ToTokens(conv[2].Forward(x));
}

at::Tensor I2VGenXLUNet::ContextTokens(const at::Tensor& text, const at::Tensor& image_latents,
                                       const at::Tensor& image_embeddings) const {
  const at::Tensor image = context_out_.Forward(at::silu(context_in_.Forward(image_embeddings.to(dtype()))));
  return at::cat({text.to(dtype()), ImageLatentTokens(image_latents.select(2, 0).to(dtype())),
                  image.view({image.size(0), config_.in_channels, config_.cross_attention_dim})},
                 1);
}

at::Tensor I2VGenXLUNet::EncodeImageLatents(const at::Tensor& image_latents) const {
  at::Tensor x = FoldFrames(image_latents.to(dtype()));
  for (size_t i = 0; i < image_latents_proj_in_.size(); ++i)
    x = image_latents_proj_in_[i].Forward(i == 0 ? x : at::silu(x));
  const int64_t frames = image_latents.size(2);
  const at::Tensor y = temporal_encoder_.Forward(ToFrameTokens(x, frames));  // [B, F, h * w, 4]
  return y.unflatten(2, {x.size(2), x.size(3)}).permute({0, 4, 1, 2, 3});
}

NetworkInputs I2VGenXLUNet::Complete(const NetworkInputs& given) const {
  if (!given.Get(kImageLatents).defined()) return given;
  const at::IntArrayRef latent = given.sample.sizes().slice(1);
  for (const auto& [name, input] : conditioning(latent)) Require(given, name, input.row);
  NetworkInputs inputs = given;
  inputs.conditioning[kTokens] =
      ContextTokens(given.Get(kTokens), given.Get(kImageLatents), given.Get(kImageEmbeddings));
  inputs.conditioning[kEncodedImageLatents] = EncodeImageLatents(given.Get(kImageLatents));
  inputs.cache = nullptr;
  Observe(inputs, "context", inputs.Get(kTokens));
  return inputs;
}

at::Tensor I2VGenXLUNet::ConvInInput(const NetworkInputs& inputs, const at::Tensor& sample) const {
  const at::Tensor& image = Require(inputs, kEncodedImageLatents, inputs.sample.sizes().slice(1));
  const at::Tensor both =
      at::cat({sample, FoldFrames(image.to(dtype()))}, 1).contiguous(at::MemoryFormat::ChannelsLast);
  Observe(inputs, "conv_in_input", both);
  return both;
}

at::Tensor I2VGenXLUNet::EmbedTime(const NetworkInputs& inputs) const {
  const at::Tensor emb = UNet3DConditionModel::EmbedTime(inputs);
  const at::Tensor projected = time_proj_.Forward(Require(inputs, kFps, {}).to(at::kFloat)).to(dtype());
  Observe(inputs, "fps_proj", projected);
  const at::Tensor fps = fps_out_.Forward(at::silu(fps_in_.Forward(projected)));
  Observe(inputs, "fps_embedding", fps);
  const at::Tensor sum = emb + fps;
  Observe(inputs, "embedding_sum", sum);
  return sum;
}

}  // namespace skipbench
