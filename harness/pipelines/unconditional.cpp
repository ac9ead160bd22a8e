#include "harness/pipelines/unconditional.h"

#include "harness/pipelines/latent_pipeline.h"
#include "harness/pipelines/pictures.h"

namespace skipbench {

namespace {

class Unconditional : public LatentPipeline {
 public:
  Unconditional(const ModelSource& source, const PipelineOptions& options)
      : LatentPipeline(source, options, "unconditional") {
    info_.in_pixels = true;
    OpenNetwork(source, "unet", {"UNet2DModel", "UNet2DConditionModel"});
    SetShapes(1, 3);
  }
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double, bool one_by_one) const override {
    return MakeDenoiser(ConditioningFor(static_cast<int64_t>(samples.size()), 1, one_by_one));
  }
  at::Tensor Decode(const at::Tensor& latents) const override {
    return ToPictures(latents, options_.truncates_pixels());
  }
};

}  // namespace

PipelineType UnconditionalPipelineType() {
  const auto published = [](const char* name, const char* file, const char* size, const char* hash) {
    const auto checkpoint = std::filesystem::path(file).filename().string();
    return PublishedFile{name,
                         file,
                         size,
                         hash,
                         "github.com/pesser/pytorch_diffusion",
                         fmt::format("scripts/convert/ddpm.py {} {}", checkpoint, name)};
  };
  return PipelineTypeOf<Unconditional>(
      {"DDPMPipeline", "DDIMPipeline"}, "",
      {published("ddpm-cifar10-32", "ema_cifar10_model/model-790000.ckpt", "143 MB",
                 "MD5 1fa350b952534ae442b1d5235cce5cd3; no SHA-256 is published"),
       published("ddpm-lsun-bedroom-256", "ema_lsun_bedroom_model/model-2388000.ckpt", "455 MB",
                 "MD5 1921fa46b66a3665e450e42f36c2720f; no SHA-256 is published"),
       published("ddpm-lsun-church-256", "ema_lsun_church_model/model-4432000.ckpt", "455 MB",
                 "MD5 fdc68a23938c2397caba4a260bc2445f; no SHA-256 is published")});
}

}  // namespace skipbench
