#include "harness/pipelines/unconditional.h"

#include "harness/pipelines/pictures.h"

namespace skipbench {

Unconditional::Unconditional(const ModelSource& source, const PipelineOptions& options) : UNetPipeline(source, options) {
  info_.kind = "unconditional";
  OpenUNet(source);
  SetShapes(1, 3);
}

std::unique_ptr<Denoiser> Unconditional::Encode(std::span<const Sample> samples, double, bool) const {
  Conditioning conditioning;
  conditioning.samples = static_cast<int64_t>(samples.size());
  return MakeDenoiser(std::move(conditioning));
}

at::Tensor Unconditional::Decode(const at::Tensor& latents) const { return ToPictures(latents); }

}  // namespace skipbench
