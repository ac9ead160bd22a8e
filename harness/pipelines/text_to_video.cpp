#include "harness/pipelines/text_to_video.h"

#include <ATen/ATen.h>

#include "harness/pipelines/clips.h"

namespace skipbench {

TextToVideo::TextToVideo(const ModelSource& source, const PipelineOptions& options) : UNetPipeline(source, options) {
  info_.kind = "text_to_video";
  info_.guided = true;
  info_.default_guidance = 9.0;      // diffusers' default
  OpenUNet(source, {"UNet3DConditionModel"});
  const auto vae = ParseConfigOf<AutoencoderKL>(source, "vae", {"AutoencoderKL"});
  SetShapes(vae.net.SpatialFactor(), vae.net.latent_channels);
  const auto text = ReadTextConfig(source, "text_encoder");
  token_width_ = text.hidden_size;
  max_tokens_ = text.max_position_embeddings;
  if (shapes_only()) return;
  encoder_ = OpenEncoderOf(source, "");
  constexpr const char* kStem = "diffusion_pytorch_model";
  vae_ = LoadNetwork<AutoencoderKL>(source, "vae", {"AutoencoderKL"}, kStem, LoadOptions(source, "vae", kStem, options_.dtype));
}

std::unique_ptr<Denoiser> TextToVideo::Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const {
  const auto encode = [&](const std::vector<std::string>& texts) {
    return EncodeTokens(*encoder_, texts, one_by_one, options_.device, [](const ClipTextOutput& out) { return out.last_hidden_state; });
  };
  std::vector<std::string> captions;
  for (const auto& sample : samples) captions.push_back(sample.caption);
  const int64_t n = static_cast<int64_t>(samples.size());
  const auto on_device = at::TensorOptions().dtype(at::kLong).device(options_.device);
  Conditioning conditioning;
  conditioning.samples = n;
  conditioning.halves = guidance > 1 ? 2 : 1;
  conditioning.guidance = guidance;
  conditioning.tokens = encode(captions);
  conditioning.rows = at::arange(n, on_device).unsqueeze(0);
  if (conditioning.halves == 2) {
    // Row 0 is the unconditional one, shared by all samples.
    conditioning.tokens = at::cat({encode({options_.negative_prompt.value_or("")}), conditioning.tokens});
    conditioning.rows = at::stack({at::zeros({n}, on_device), at::arange(1, n + 1, on_device)});
  }
  return MakeDenoiser(std::move(conditioning));
}

at::Tensor TextToVideo::Decode(const at::Tensor& latents) const { return DecodeClips(*vae_, latents, options_.decode_chunk); }

UNetInputs TextToVideo::MetaInputs() const {
  UNetInputs inputs;
  inputs.encoder_hidden_states = at::empty({1, max_tokens_, token_width_}, at::TensorOptions().device(at::kMeta));
  return inputs;
}

}  // namespace skipbench
