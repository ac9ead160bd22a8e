#include "harness/pipelines/text_to_image.h"

#include <ATen/ATen.h>

#include "harness/pipelines/pictures.h"

namespace skipbench {
TextToImage::TextToImage(const ModelSource& source, const PipelineOptions& options) : UNetPipeline(source, options) {
  xl_ = source.class_name() == "StableDiffusionXLPipeline";
  info_.kind = "text_to_image";
  info_.guided = true;
  info_.default_guidance = xl_ ? 5.0 : 7.5;      // diffusers' defaults of the two pipelines
  const auto index = source.Index();
  zeros_for_empty_prompt_ = xl_ && index.reader().BoolOr("force_zeros_for_empty_prompt", true);
  OpenUNet(source);
  const auto vae = ParseConfigOf<AutoencoderKL>(source, "vae", {"AutoencoderKL"});
  SetShapes(vae.net.SpatialFactor(), vae.net.latent_channels);
  for (const char* suffix : {"", "_2"}) {
    if (suffix[0] && !xl_) break;
    const auto config = ReadTextConfig(source, std::string("text_encoder") + suffix);
    token_width_ += config.hidden_size;
    max_tokens_ = config.max_position_embeddings;
    pooled_width_ = config.projection_dim;
    if (!shapes_only()) encoders_.push_back(OpenEncoderOf(source, suffix));
  }
  if (shapes_only()) return;
  // SDXL's autoencoder overflows in float16 (force_upcast); diffusers runs it in float32 then.
  const bool upcast = xl_ && vae.force_upcast && options_.dtype == at::kHalf;
  constexpr const char* kStem = "diffusion_pytorch_model";
  vae_ = LoadNetwork<AutoencoderKL>(source, "vae", {"AutoencoderKL"}, kStem,
                                    LoadOptions(source, "vae", kStem, upcast ? at::kFloat : options_.dtype));
}

TextToImage::Encoded TextToImage::EncodeBatch(const std::vector<std::string>& texts) const {
  std::vector<at::Tensor> tokens;
  Encoded encoded;
  for (const auto& encoder : encoders_) {
    const ClipTextOutput output = encoder.Encode(texts, options_.device);
    tokens.push_back(xl_ ? output.penultimate() : output.last_hidden_state);
    if (xl_) encoded.pooled = output.text_embeds;      // the second encoder's is the one that stays
  }
  encoded.tokens = at::cat(tokens, -1);
  return encoded;
}

TextToImage::Encoded TextToImage::EncodeTexts(const std::vector<std::string>& texts, bool one_by_one) const {
  if (!one_by_one) return EncodeBatch(texts);
  std::vector<at::Tensor> tokens, pooled;
  for (const auto& text : texts) {
    const Encoded one = EncodeBatch({text});
    tokens.push_back(one.tokens);
    if (xl_) pooled.push_back(one.pooled);
  }
  return {at::cat(tokens), xl_ ? at::cat(pooled) : at::Tensor()};
}

// SDXL without a negative prompt is conditioned on zeros, not on the empty text.
TextToImage::Encoded TextToImage::EncodeNegative(const Encoded& like, bool one_by_one) const {
  if (zeros_for_empty_prompt_ && !options_.negative_prompt)
    return {at::zeros_like(like.tokens.narrow(0, 0, 1)), at::zeros_like(like.pooled.narrow(0, 0, 1))};
  return EncodeTexts({options_.negative_prompt.value_or("")}, one_by_one);
}

std::unique_ptr<Denoiser> TextToImage::Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const {
  std::vector<std::string> captions;
  for (const auto& sample : samples) captions.push_back(sample.caption);
  const int64_t n = static_cast<int64_t>(samples.size());
  Conditioning conditioning;
  conditioning.samples = n;
  conditioning.halves = guidance > 1 ? 2 : 1;
  conditioning.guidance = guidance;
  Encoded encoded = EncodeTexts(captions, one_by_one);
  const auto on_device = at::TensorOptions().dtype(at::kLong).device(options_.device);
  conditioning.rows = at::arange(n, on_device).unsqueeze(0);
  if (conditioning.halves == 2) {
    // Row 0 is the unconditional one, shared by all samples.
    const Encoded negative = EncodeNegative(encoded, one_by_one);
    encoded.tokens = at::cat({negative.tokens, encoded.tokens});
    conditioning.rows = at::stack({at::zeros({n}, on_device), at::arange(1, n + 1, on_device)});
    if (xl_) encoded.pooled = at::stack({negative.pooled.expand_as(encoded.pooled), encoded.pooled});
  } else if (xl_) {
    encoded.pooled = encoded.pooled.unsqueeze(0);
  }
  conditioning.tokens = encoded.tokens;
  if (xl_) {
    conditioning.text_embeds = encoded.pooled;
    const double h = static_cast<double>(info_.image_shape[1]), w = static_cast<double>(info_.image_shape[2]);
    // Original size, crop's corner, target size: as if trained on pictures of just this size (diffusers' default).
    conditioning.time_ids = at::tensor({h, w, 0.0, 0.0, h, w}, at::kFloat).to(options_.device).expand({conditioning.halves, n, 6});
  }
  return MakeDenoiser(std::move(conditioning));
}

at::Tensor TextToImage::Decode(const at::Tensor& latents) const {
  const auto& config = vae_->config();
  at::Tensor z = latents.to(vae_->dtype());
  // As in diffusers 0.42.1: StableDiffusionXLPipeline knows latents_mean and latents_std if both are there, StableDiffusionPipeline
  // neither, and shift_factor none of the two.
  if (xl_ && !config.latents_mean.empty() && !config.latents_std.empty()) {
    const auto channel = [&](const std::vector<double>& v) { return at::tensor(v, z.options()).view({1, -1, 1, 1}); };
    z = z * channel(config.latents_std) / config.scaling_factor + channel(config.latents_mean);
  } else {
    z = z / config.scaling_factor;
  }
  return ToPictures(vae_->Decode(z, {.tiling = options_.vae_tiling, .slicing = options_.vae_slicing}));
}

UNetInputs TextToImage::MetaInputs() const {
  const auto meta = at::TensorOptions().device(at::kMeta);
  UNetInputs inputs;
  inputs.encoder_hidden_states = at::empty({1, max_tokens_, token_width_}, meta);
  if (xl_) {
    inputs.text_embeds = at::empty({1, pooled_width_}, meta);
    inputs.time_ids = at::empty({1, 6}, meta);
  }
  return inputs;
}

}  // namespace skipbench
