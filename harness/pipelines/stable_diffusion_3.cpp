#include "harness/pipelines/stable_diffusion_3.h"

#include <ATen/ATen.h>

#include "harness/models/sd3_transformer_2d.h"
#include "harness/pipelines/prompted_pipeline.h"

namespace skipbench {

namespace {

class StableDiffusion3 : public PromptedPipeline {
 public:
  StableDiffusion3(const ModelSource& source, const PipelineOptions& options)
      : PromptedPipeline(source, options, "text_to_image", 7.0, 256) {
    OpenNetwork(source, "transformer", ClassNamesOf<SD3Transformer2DModel>());
    ReadAutoencoder(source);
    const auto net = ParseConfigOf<SD3Transformer2DModel>(source, "transformer");
    // Shifting by the resolution, where the scheduler's config asks for it, counts patches.
    info_.scheduler_config["image_seq_len"] =
        info_.latent_shape[1] / net.patch_size * (info_.latent_shape[2] / net.patch_size);
    const auto clip = ReadTextConfig(source, "text_encoder"), clip_2 = ReadTextConfig(source, "text_encoder_2");
    const bool with_t5 = source.index().Has("text_encoder_3");
    width_ = with_t5 ? ParseConfigOf<T5EncoderModel>(source, "text_encoder_3").d_model : net.joint_attention_dim;
    if (!with_t5)
      source.Note(
          fmt::format("model: there is no text_encoder_3: in place of T5's tokens are {} of zeros", text_length()));
    if (clip.hidden_size + clip_2.hidden_size > width_)
      Fail("{}: the text encoders have {} and {} channels, together more than the {} of T5 or, without it, the network",
           info_.folder.string(), clip.hidden_size, clip_2.hidden_size, width_);
    Gives("encoder_hidden_states", {clip.max_position_embeddings + text_length(), width_});
    Gives("pooled_projections", {clip.projection_dim + clip_2.projection_dim});
    if (shapes_only()) return;
    clip_ = OpenEncoderOf(source, "");
    clip_2_ = OpenEncoderOf(source, "_2");
    if (with_t5) t5_ = OpenT5Of(source, "_3");
    LoadAutoencoder(source, options.dtype);
  }

  PromptTensors EncodePrompts(const std::vector<std::string>& prompts) const override {
    return EncodeSd3Prompts(*clip_, *clip_2_, t5_ ? &*t5_ : nullptr, prompts, text_length(), width_, options_.device);
  }

 private:
  at::Tensor Unscale(const at::Tensor& latents) const override {
    return LatentPipeline::Unscale(latents) + vae().config().shift_factor;
  }

  int64_t width_ = 0;                         // of the tokens
  std::optional<TextEncoder> clip_, clip_2_;  // none with shapes_only
  std::optional<T5TextEncoder> t5_;           // nor where the model is without
};

}  // namespace

PipelineType StableDiffusion3PipelineType() {
  return PipelineTypeOf<StableDiffusion3>({"StableDiffusion3Pipeline"}, "", {});
}

}  // namespace skipbench
