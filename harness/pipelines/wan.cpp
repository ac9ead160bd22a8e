#include "harness/pipelines/wan.h"

#include <ATen/ATen.h>

#include "harness/models/autoencoder_kl_wan.h"
#include "harness/models/wan_transformer_3d.h"
#include "harness/pipelines/pictures.h"
#include "harness/pipelines/prompted_pipeline.h"

namespace skipbench {

namespace {

// What Wan 2.2's folders have, and are not without.
void RefuseTwoStages(const ModelIndex& index) {
  const auto given = [&](const char* key) {
    const auto found = index.json().find(key);
    return found != index.json().end() && !found->is_null() && *found != false;
  };
  if (index.Has("transformer_2") || given("boundary_ratio") || given("expand_timesteps"))
    FailUnsupported(
        "{}: a model of Wan 2.2 (transformer_2, boundary_ratio, expand_timesteps) is not supported, only Wan 2.1's "
        "text to video",
        index.file());
}

class Wan : public PromptedPipeline {
 public:
  Wan(const ModelSource& source, const PipelineOptions& options)
      : PromptedPipeline(source, options, "text_to_video", 5.0, 512) {
    RefuseTwoStages(source.index());
    if (options.negative_prompt) CleanWanPrompt(*options.negative_prompt);
    OpenNetwork(source, "transformer", ClassNamesOf<WanTransformer3DModel>());
    const auto vae = ParseConfigOf<AutoencoderKLWan>(source, "vae");
    SetShapes(vae.SpatialFactor(), vae.z_dim, {.height = 480, .width = 832, .frames = 81});  // diffusers' defaults
    SetLatentFrames(vae, ParseConfigOf<WanTransformer3DModel>(source, "transformer").patch_size[0]);
    Gives("encoder_hidden_states", {text_length(), ParseConfigOf<T5EncoderModel>(source, "text_encoder").d_model});
    if (shapes_only()) return;
    umt5_ = OpenT5Of(source, "");
    vae_ = LoadPart<AutoencoderKLWan>(source, "vae");
  }

  void CheckInput(const Sample& sample) const override { CleanWanPrompt(sample.caption); }

  PromptTensors EncodePrompts(const std::vector<std::string>& prompts) const override {
    return EncodeWanPrompts(*umt5_, prompts, text_length(), options_.device);
  }

  // A clip after the other, a frame after the other.
  at::Tensor Decode(const at::Tensor& latents) const override {
    at::Tensor clips = at::empty(
        {latents.size(0), info_.frames, info_.image_shape[0], info_.image_shape[1], info_.image_shape[2]}, at::kByte);
    const at::Tensor scaled = vae_->FromDenoiser(latents.to(vae_->dtype()));
    for (int64_t clip = 0; clip < latents.size(0); ++clip)
      vae_->DecodeFrames(scaled.narrow(0, clip, 1), [&](int64_t frame, const at::Tensor& picture) {
        clips[clip][frame].copy_(ToPictures(picture, options_.truncates_pixels())[0]);
      });
    return clips;
  }

 private:
  void SetLatentFrames(const AutoencoderKLWan::Config& vae, int64_t patch) {
    const int64_t factor = vae.TemporalFactor();
    if ((info_.frames - 1) % factor != 0)
      Fail("{}: frames: this model makes clips of 1 + {} k frames, found {}; the nearest are {} and {}",
           info_.folder.string(), factor, info_.frames, (info_.frames - 1) / factor * factor + 1,
           (info_.frames - 1) / factor * factor + 1 + factor);
    info_.latent_shape[1] = vae.LatentFrames(info_.frames);
    if (info_.latent_shape[1] % patch != 0)
      Fail("{}: frames: {} are {} frames of latents, the network's patches take multiples of {}", info_.folder.string(),
           info_.frames, info_.latent_shape[1], patch);
  }

  std::optional<T5TextEncoder> umt5_;      // not with shapes_only
  std::unique_ptr<AutoencoderKLWan> vae_;  // nor this
};

}  // namespace

PipelineType WanPipelineType() {
  return PipelineTypeOf<Wan>({"WanPipeline"}, "",
                             {{"Wan2.1-T2V-1.3B-Diffusers", "the whole folder", "about 29 GB in float32",
                               "none here: the hub shows the SHA-256 of each file",
                               "huggingface.co/Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "the folder as it is"}});
}

}  // namespace skipbench
