#include "harness/pipelines/class_to_image.h"

#include <ATen/ATen.h>

#include "harness/pipelines/pictures.h"

namespace skipbench {

ClassToImage::ClassToImage(const ModelSource& source, const PipelineOptions& options) : UNetPipeline(source, options) {
  info_.kind = "class_to_image";
  info_.guided = true;
  info_.default_guidance = 3.0;      // CompVis's sampling notebook
  OpenUNet(source);
  const auto vae = ParseConfigOf<VQModel>(source, "vqvae", {"VQModel"});
  classes_ = ParseConfigOf<ClassEmbedder>(source, "class_embedder", {"ClassEmbedder"});
  SetShapes(vae.net.SpatialFactor(), vae.vq_embed_dim);
  if (shapes_only()) return;
  constexpr const char* kStem = "diffusion_pytorch_model";
  embedder_ = LoadNetwork<ClassEmbedder>(source, "class_embedder", {"ClassEmbedder"}, kStem,
                                         LoadOptions(source, "class_embedder", kStem, options_.dtype));
  vae_ = LoadNetwork<VQModel>(source, "vqvae", {"VQModel"}, kStem, LoadOptions(source, "vqvae", kStem, options_.dtype));
}

std::unique_ptr<Denoiser> ClassToImage::Encode(std::span<const Sample> samples, double guidance, bool) const {
  const int64_t n = static_cast<int64_t>(samples.size());
  Conditioning conditioning;
  conditioning.samples = n;
  conditioning.halves = guidance > 1 ? 2 : 1;
  conditioning.guidance = guidance;
  std::vector<int64_t> labels;
  for (const auto& sample : samples) {
    if (sample.label < 0 || sample.label >= classes_.n_classes)
      Fail("sample {}: class label {} is outside 0 .. {}", sample.id, sample.label, classes_.n_classes - 1);
    labels.push_back(sample.label);
  }
  const auto on_device = at::TensorOptions().dtype(at::kLong).device(options_.device);
  conditioning.rows = at::arange(n, on_device).unsqueeze(0);
  if (conditioning.halves == 2) {
    labels.insert(labels.begin(), classes_.uncond_class);
    conditioning.rows = at::stack({at::zeros({n}, on_device), at::arange(1, n + 1, on_device)});
  }
  conditioning.tokens = embedder_->Forward(at::tensor(labels, at::kLong).to(options_.device));
  return MakeDenoiser(std::move(conditioning));
}

at::Tensor ClassToImage::Decode(const at::Tensor& latents) const {
  return ToPictures(vae_->Decode(latents.to(vae_->dtype()) / vae_->config().scaling_factor));
}

UNetInputs ClassToImage::MetaInputs() const {
  UNetInputs inputs;
  inputs.encoder_hidden_states = at::empty({1, 1, classes_.embed_dim}, at::TensorOptions().device(at::kMeta));
  return inputs;
}

}  // namespace skipbench
