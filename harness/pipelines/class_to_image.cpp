#include "harness/pipelines/class_to_image.h"

#include <ATen/ATen.h>

#include "harness/models/class_embedder.h"
#include "harness/models/vq_model.h"
#include "harness/pipelines/latent_pipeline.h"
#include "harness/pipelines/pictures.h"

namespace skipbench {

namespace {

class ClassToImage : public LatentPipeline {
 public:
  ClassToImage(const ModelSource& source, const PipelineOptions& options);
  // Labels are rows of the class embedder; its last row is the unconditional class.
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override;
  void CheckInput(const Sample& sample) const override;
  at::Tensor Decode(const at::Tensor& latents) const override;

 private:
  ClassEmbedder::Config classes_;
  std::unique_ptr<ClassEmbedder> embedder_;  // null with shapes_only, like the next
  std::unique_ptr<VQModel> vae_;
};

ClassToImage::ClassToImage(const ModelSource& source, const PipelineOptions& options)
    : LatentPipeline(source, options, "class_to_image") {
  info_.needs_label = info_.guided = true;
  info_.default_guidance = 3.0;  // CompVis's sampling notebook
  OpenNetwork(source, "unet", {"UNet2DConditionModel", "UNet2DModel"});
  const auto vae = ParseConfigOf<VQModel>(source, "vqvae");
  classes_ = ParseConfigOf<ClassEmbedder>(source, "class_embedder");
  SetShapes(vae.net.SpatialFactor(), vae.vq_embed_dim);
  Gives("encoder_hidden_states", {1, classes_.embed_dim});
  if (shapes_only()) return;
  embedder_ = LoadPart<ClassEmbedder>(source, "class_embedder");
  vae_ = LoadPart<VQModel>(source, "vqvae");
}

void ClassToImage::CheckInput(const Sample& sample) const { CheckLabel(sample, classes_.n_classes); }

std::unique_ptr<Denoiser> ClassToImage::Encode(std::span<const Sample> samples, double guidance,
                                               bool one_by_one) const {
  const std::vector<int64_t> labels = LabelsOf(samples, classes_.n_classes);
  const auto embed = [&](const std::vector<int64_t>& classes) {
    return embedder_->Forward(at::tensor(classes, at::kLong).to(options_.device));
  };
  Conditioning conditioning = ConditioningFor(static_cast<int64_t>(samples.size()), guidance, one_by_one);
  SetTokens(&conditioning, embed(labels), [&] { return embed({classes_.uncond_class}); });
  return MakeDenoiser(std::move(conditioning));
}

at::Tensor ClassToImage::Decode(const at::Tensor& latents) const {
  return ToPictures(vae_->Decode(latents.to(vae_->dtype()) / vae_->config().scaling_factor),
                    options_.truncates_pixels());
}

}  // namespace

PipelineType ClassToImagePipelineType() {
  return PipelineTypeOf<ClassToImage>(
      {"ClassConditionalLDMPipeline"}, "LDM-4",
      {{"ldm4-imagenet-256", "model.ckpt (cin256-v2)", "1.8 GB", "no hash is published",
        "ommer-lab.com/files/latent-diffusion/nitro/cin256-v2 (CompVis' latent-diffusion)",
        "scripts/convert/ldm.py model.ckpt ldm4-imagenet-256"}});
}

}  // namespace skipbench
