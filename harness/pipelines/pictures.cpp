#include "harness/pipelines/pictures.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/nn/layers/temporal.h"

namespace skipbench {

at::Tensor ToPictures(const at::Tensor& decoded, bool truncate) {
  const at::Tensor pixels = decoded.to(at::kFloat);
  if (!at::isfinite(pixels.sum()).item<bool>()) Fail("the decoder's output is not finite (NaN or infinity)");
  const at::Tensor values = pixels.mul(0.5).add(0.5).clamp(0, 1).mul(255);
  return (truncate ? values.trunc() : values.round()).to(at::kByte).cpu().contiguous();
}

at::Tensor DecodeClips(const AutoencoderKL& vae, const at::Tensor& latents, int64_t chunk, bool truncate) {
  if (chunk < 1) Fail("{} frames at once cannot be decoded", chunk);
  std::vector<at::Tensor> pictures;
  const at::Tensor folded = FoldFrames(latents.to(vae.dtype())) / vae.config().scaling_factor;
  for (const at::Tensor& frames : folded.split(chunk)) pictures.push_back(ToPictures(vae.Decode(frames), truncate));
  return at::cat(pictures).unflatten(0, {latents.size(0), latents.size(2)});
}

at::Tensor I2VGenXLImageLatents(const at::Tensor& first, int64_t frames) {
  at::Tensor latents = first.unsqueeze(2).repeat({1, 1, frames, 1, 1});
  for (int64_t k = 1; k < frames; ++k)
    latents.select(2, k).fill_(static_cast<double>(k) / static_cast<double>(frames - 1));
  return latents;
}

}  // namespace skipbench
