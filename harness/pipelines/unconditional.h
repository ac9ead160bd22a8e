// DDPM (Ho et al. 2020): CIFAR10, LSUN. The latents are the pictures.
#pragma once

#include "harness/pipelines/unet_pipeline.h"

namespace skipbench {

class Unconditional : public UNetPipeline {
 public:
  Unconditional(const ModelSource& source, const PipelineOptions& options);
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override;
  at::Tensor Decode(const at::Tensor& latents) const override;

 private:
  UNetInputs MetaInputs() const override { return {}; }
};

}  // namespace skipbench
