#include "harness/pipelines/clips.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/nn/layers/temporal.h"
#include "harness/pipelines/pictures.h"

namespace skipbench {

namespace {

// Calls `decoded` with the frames of every chunk, [up to chunk, 3, H, W], in order.
template <typename Use>
void DecodeChunks(const AutoencoderKL& vae, const at::Tensor& folded, int64_t chunk, Use&& use) {
  if (chunk < 1) Fail("{} frames at once cannot be decoded", chunk);
  for (int64_t begin = 0; begin < folded.size(0); begin += chunk)
    use(vae.Decode(folded.narrow(0, begin, std::min(chunk, folded.size(0) - begin))));
}

}  // namespace

at::Tensor DecodeFrames(const AutoencoderKL& vae, const at::Tensor& latents, int64_t chunk) {
  std::vector<at::Tensor> frames;
  DecodeChunks(vae, FoldFrames(latents), chunk, [&](const at::Tensor& decoded) { frames.push_back(decoded); });
  return UnfoldFrames(at::cat(frames), latents.size(2));
}

at::Tensor DecodeClips(const AutoencoderKL& vae, const at::Tensor& latents, int64_t chunk) {
  std::vector<at::Tensor> pictures;
  const at::Tensor folded = FoldFrames(latents.to(vae.dtype())) / vae.config().scaling_factor;
  DecodeChunks(vae, folded, chunk, [&](const at::Tensor& decoded) { pictures.push_back(ToPictures(decoded)); });
  return at::cat(pictures).unflatten(0, {latents.size(0), latents.size(2)});
}

at::Tensor I2VGenXLImageLatents(const at::Tensor& first, int64_t frames) {
  at::Tensor latents = first.unsqueeze(2).repeat({1, 1, frames, 1, 1});
  for (int64_t k = 1; k < frames; ++k)
    latents.select(2, k).fill_(static_cast<double>(k) / static_cast<double>(frames - 1));
  return latents;
}

}  // namespace skipbench
