// ModelScope text-to-video (ms-1.7b): captions to clips.
#pragma once

#include <memory>

#include "harness/models/autoencoder_kl.h"
#include "harness/pipelines/unet_pipeline.h"

namespace skipbench {

class TextToVideo : public UNetPipeline {
 public:
  TextToVideo(const ModelSource& source, const PipelineOptions& options);
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override;
  at::Tensor Decode(const at::Tensor& latents) const override;

 private:
  UNetInputs MetaInputs() const override;

  int64_t max_tokens_ = 77, token_width_ = 0;
  std::optional<TextEncoder> encoder_;       // not with shapes_only
  std::unique_ptr<AutoencoderKL> vae_;
};

}  // namespace skipbench
