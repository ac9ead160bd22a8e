// LDM-4: class-conditional ImageNet (Rombach et al. 2022). A folder with unet, vqvae, class_embedder and scheduler.
#pragma once

#include <memory>

#include "harness/models/class_embedder.h"
#include "harness/models/vq_model.h"
#include "harness/pipelines/unet_pipeline.h"

namespace skipbench {

class ClassToImage : public UNetPipeline {
 public:
  ClassToImage(const ModelSource& source, const PipelineOptions& options);
  // Labels are rows of the class embedder; its last row is the unconditional class.
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override;
  at::Tensor Decode(const at::Tensor& latents) const override;

 private:
  UNetInputs MetaInputs() const override;
  ClassEmbedder::Config classes_;
  std::unique_ptr<ClassEmbedder> embedder_;
  std::unique_ptr<VQModel> vae_;
};

}  // namespace skipbench
