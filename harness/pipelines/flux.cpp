#include "harness/pipelines/flux.h"

#include <ATen/ATen.h>

#include "harness/models/flux_transformer_2d.h"
#include "harness/pipelines/prompted_pipeline.h"

namespace skipbench {

namespace {

constexpr int64_t kOwnSide = 128;  // of latents, diffusers' default_sample_size: the config names none

class Flux : public PromptedPipeline {
 public:
  Flux(const ModelSource& source, const PipelineOptions& options)
      : PromptedPipeline(source, options, "text_to_image", 3.5, 512) {
    OpenNetwork(source, "transformer", ClassNamesOf<FluxTransformer2DModel>());
    const auto net = ParseConfigOf<FluxTransformer2DModel>(source, "transformer");
    info_.guided = info_.embedded_guidance = net.guidance_embeds;
    if (!info_.guided) info_.default_guidance = 1;
    const int64_t side = kOwnSide * ParseConfigOf<AutoencoderKL>(source, "vae").net.SpatialFactor();
    ReadAutoencoder(source, {.height = side, .width = side});
    PackLatents({2, 2});
    Json& scheduler = info_.scheduler_config;
    scheduler["image_seq_len"] = info_.latent_shape[0];
    if (!scheduler.contains("use_flow_sigmas") || scheduler["use_flow_sigmas"] != true) scheduler["sigma_ramp"] = true;
    const auto clip = ReadTextConfig(source, "text_encoder");
    Gives("encoder_hidden_states", {text_length(), ParseConfigOf<T5EncoderModel>(source, "text_encoder_2").d_model});
    Gives("pooled_projections", {clip.hidden_size});
    if (info_.guided) Gives("guidance", {});
    if (shapes_only()) return;
    clip_ = OpenEncoderOf(source, "");
    t5_ = OpenT5Of(source, "_2");
    LoadAutoencoder(source, options.dtype);
  }

  PromptTensors EncodePrompts(const std::vector<std::string>& prompts) const override {
    return EncodeFluxPrompts(*clip_, *t5_, prompts, text_length(), options_.device);
  }
  // Noise is drawn before it is packed.
  at::Tensor ArrangeNoise(const at::Tensor& drawn) const override {
    std::vector<int64_t> shape = network_shape();
    shape.insert(shape.begin(), 1);
    return packed().Pack(drawn.reshape(shape))[0];
  }

 private:
  at::Tensor Unscale(const at::Tensor& latents) const override {
    return LatentPipeline::Unscale(packed().Unpack(latents)) + vae().config().shift_factor;
  }
  void AddInputs(Conditioning* conditioning, double guidance) const override {
    if (info_.guided) conditioning->inputs["guidance"] = ForAllRows(*conditioning, {guidance}).squeeze(-1);
  }

  std::optional<TextEncoder> clip_;  // neither with shapes_only
  std::optional<T5TextEncoder> t5_;
};

}  // namespace

PipelineType FluxPipelineType() {
  return PipelineTypeOf<Flux>({"FluxPipeline"}, "",
                              {{"FLUX.1-dev", "the folders that model_index.json names", "about 34 GB in bfloat16",
                                "none here: the hub shows the SHA-256 of each file",
                                "huggingface.co/black-forest-labs/FLUX.1-dev", "the folder as it is"}});
}

}  // namespace skipbench
