// What the pipelines share in which a transformer is conditioned on prompts that T5 or CLIP read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/pipelines/latent_pipeline.h"
#include "harness/pipelines/prompt_encoding.h"

namespace skipbench {

class PromptedPipeline : public LatentPipeline {
 public:
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override;

  // What the transformer is given of prompts (diffusers' encode_prompt).
  virtual PromptTensors EncodePrompts(const std::vector<std::string>& prompts) const = 0;

 protected:
  // `guidance`, `text_length`: diffusers' defaults of the pipeline; the latter of "max_sequence_length".
  PromptedPipeline(const ModelSource& source, const PipelineOptions& options, std::string kind, double guidance,
                   int64_t text_length);

  // Tokens of a text that T5 reads.
  int64_t text_length() const { return info_.max_sequence_length; }
  // [guidance rows, samples, values...] of the same values for every row.
  at::Tensor ForAllRows(const Conditioning& conditioning, const std::vector<double>& values) const;
  // Adds what else the transformer takes.
  virtual void AddInputs(Conditioning*, [[maybe_unused]] double guidance) const {}
};

}  // namespace skipbench
