#include "harness/pipelines/text_to_image.h"

#include <ATen/ATen.h>

namespace skipbench {

namespace {
constexpr int64_t kTimeIds = 6;  // original size, crop's corner, target size
}  // namespace

TextToImage::TextToImage(const ModelSource& source, const PipelineOptions& options)
    : LatentPipeline(source, options, "text_to_image") {
  xl_ = info_.class_name == "StableDiffusionXLPipeline";
  info_.needs_caption = info_.guided = true;
  info_.default_guidance = xl_ ? 5.0 : 7.5;  // diffusers' defaults of the two pipelines
  const JsonReader index(source.index().json(), source.index().file());
  zeros_for_empty_prompt_ = xl_ && index.BoolOr("force_zeros_for_empty_prompt", true);
  OpenNetwork(source, "unet", {"UNet2DConditionModel"});
  const auto vae = ReadAutoencoder(source);
  int64_t max_tokens = 0, token_width = 0, pooled_width = 0;
  for (const char* suffix : {"", "_2"}) {
    if (suffix[0] && !xl_) break;
    const auto config = ReadTextConfig(source, std::string("text_encoder") + suffix);
    token_width += config.hidden_size;
    max_tokens = config.max_position_embeddings;
    pooled_width = config.projection_dim;
    if (!shapes_only()) encoders_.push_back(OpenEncoderOf(source, suffix));
  }
  Gives("encoder_hidden_states", {max_tokens, token_width});
  if (xl_) {
    Gives("text_embeds", {pooled_width});
    Gives("time_ids", {kTimeIds});
  }
  if (shapes_only()) return;
  // SDXL's autoencoder overflows in float16 (force_upcast); diffusers runs it in float32 then.
  LoadAutoencoder(source, xl_ && vae.force_upcast && options.dtype == at::kHalf ? at::kFloat : options.dtype);
}

TextToImage::Encoded TextToImage::EncodeBatch(const std::vector<std::string>& texts) const {
  std::vector<at::Tensor> tokens;
  Encoded encoded;
  for (const auto& encoder : encoders_) {
    const ClipTextOutput output = encoder.Encode(texts, options_.device);
    tokens.push_back(xl_ ? output.penultimate() : output.last_hidden_state);
    if (xl_) encoded.pooled = output.text_embeds;  // the second encoder's is the one that stays
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
  const int64_t n = static_cast<int64_t>(samples.size());
  Conditioning conditioning = ConditioningFor(n, guidance, one_by_one);
  const bool guided = conditioning.guidance_rows == 2;
  const Encoded encoded = EncodeTexts(CaptionsOf(samples), one_by_one);
  const Encoded negative = guided ? EncodeNegative(encoded, one_by_one) : Encoded();
  SetTokens(&conditioning, encoded.tokens, [&] { return negative.tokens; });
  if (xl_) {
    conditioning.inputs["text_embeds"] =
        guided ? at::stack({negative.pooled.expand_as(encoded.pooled), encoded.pooled}) : encoded.pooled.unsqueeze(0);
    const double h = static_cast<double>(info_.image_shape[1]), w = static_cast<double>(info_.image_shape[2]);
    // As if trained on pictures of just this size (diffusers' default).
    conditioning.inputs["time_ids"] = at::tensor({h, w, 0.0, 0.0, h, w}, at::kFloat)
                                          .to(options_.device)
                                          .expand({conditioning.guidance_rows, n, kTimeIds});
  }
  return MakeDenoiser(std::move(conditioning));
}

at::Tensor TextToImage::Unscale(const at::Tensor& latents) const {
  const auto& config = vae().config();
  // As in diffusers 0.42.1: StableDiffusionXLPipeline knows latents_mean and latents_std if both are there,
  // StableDiffusionPipeline neither, and shift_factor none of the two.
  if (!xl_ || config.latents_mean.empty() || config.latents_std.empty()) return LatentPipeline::Unscale(latents);
  const auto channel = [&](const std::vector<double>& v) {
    return at::tensor(v, latents.options()).view({1, -1, 1, 1});
  };
  return latents * channel(config.latents_std) / config.scaling_factor + channel(config.latents_mean);
}

PipelineType TextToImagePipelineType() {
  const auto published = [](const std::string& name, const char* file, const char* size, const char* hash,
                            const char* source) {
    const std::string how = fmt::format(
        "the folder as it is, or the file by scripts/convert/stable_diffusion.py FILE {} --tokenizer FOLDER; the file "
        "itself is read too (\"pipeline\": FILE)",
        name);
    return PublishedFile{name, file, size, hash, source, how};
  };
  return PipelineTypeOf<TextToImage>(
      {"StableDiffusionPipeline", "StableDiffusionXLPipeline"}, "",
      {published("stable-diffusion-v1-5", "v1-5-pruned-emaonly.safetensors, or the whole folder", "4,265,146,304 bytes",
                 "SHA-256 6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa",
                 "huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5"),
       published("stable-diffusion-xl-base-1.0", "sd_xl_base_1.0.safetensors, or the folder with its fp16 variant",
                 "6,938,078,334 bytes", "SHA-256 31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b",
                 "huggingface.co/stabilityai/stable-diffusion-xl-base-1.0")});
}

}  // namespace skipbench
