// Stable Diffusion 1.x, 2.x and SDXL (base): captions to pictures.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/pipelines/latent_pipeline.h"

namespace skipbench {

class TextToImage : public LatentPipeline {
 public:
  TextToImage(const ModelSource& source, const PipelineOptions& options);
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override;

  // What the network is conditioned on, [B, L, D], and for SDXL the pooled embedding [B, P] (else undefined).
  struct Encoded {
    at::Tensor tokens, pooled;
  };
  Encoded EncodeTexts(const std::vector<std::string>& texts, bool one_by_one) const;

 private:
  at::Tensor Unscale(const at::Tensor& latents) const override;
  Encoded EncodeBatch(const std::vector<std::string>& texts) const;
  Encoded EncodeNegative(const Encoded& like, bool one_by_one) const;

  bool xl_ = false;
  bool zeros_for_empty_prompt_ = false;
  std::vector<TextEncoder> encoders_;  // one, or SDXL's two; none with shapes_only
};

PipelineType TextToImagePipelineType();

}  // namespace skipbench
