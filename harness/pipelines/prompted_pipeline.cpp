#include "harness/pipelines/prompted_pipeline.h"

#include <ATen/ATen.h>

namespace skipbench {

PromptedPipeline::PromptedPipeline(const ModelSource& source, const PipelineOptions& options, std::string kind,
                                   double guidance, int64_t text_length)
    : LatentPipeline(source, options, std::move(kind)) {
  info_.needs_caption = info_.guided = true;
  info_.default_guidance = guidance;
  if (options_.max_sequence_length == 0) options_.max_sequence_length = text_length;
  info_.max_sequence_length = options_.max_sequence_length;
}

std::unique_ptr<Denoiser> PromptedPipeline::Encode(std::span<const Sample> samples, double guidance,
                                                   bool one_by_one) const {
  const bool guided = info_.GuidanceRows(guidance) == 2;
  Conditioning conditioning = ConditioningFor(static_cast<int64_t>(samples.size()), guided ? guidance : 1, one_by_one);
  const PromptTensors prompts = EncodeEach(
      CaptionsOf(samples), one_by_one, [this](const std::vector<std::string>& some) { return EncodePrompts(some); });
  PromptTensors negative;
  if (guided) negative = EncodePrompts({options_.negative_prompt.value_or("")});
  SetTokens(&conditioning, prompts.tokens, [&] { return negative.tokens; });
  const auto add = [&](const char* name, const at::Tensor& rows, const at::Tensor& unconditional) {
    if (!rows.defined()) return;
    conditioning.inputs[name] = guided ? at::stack({unconditional.expand_as(rows), rows}) : rows.unsqueeze(0);
  };
  add("encoder_attention_mask", prompts.mask, negative.mask);
  add("pooled_projections", prompts.pooled, negative.pooled);
  AddInputs(&conditioning, guidance);
  return MakeDenoiser(std::move(conditioning));
}

at::Tensor PromptedPipeline::ForAllRows(const Conditioning& conditioning, const std::vector<double>& values) const {
  return at::tensor(values, at::kFloat)
      .to(options_.device)
      .expand({conditioning.guidance_rows, conditioning.samples, static_cast<int64_t>(values.size())});
}

}  // namespace skipbench
