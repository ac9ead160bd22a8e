// Clips through an autoencoder that knows single pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/models/autoencoder_kl.h"

namespace skipbench {

// Latents [B, C, F, h, w], already divided by the scaling factor, to [B, 3, F, H, W], not clamped. At most `chunk` (>=
// 1) frames go through the decoder together; frames do not know of each other there, so that only float noise depends
// on it.
at::Tensor DecodeFrames(const AutoencoderKL& vae, const at::Tensor& latents, int64_t chunk);

// The same to pictures: latents of the denoiser [B, C, F, h, w] to uint8 clips [B, F, 3, H, W] on the CPU. Only the
// pictures are kept: memory grows with the chunk, not with the clip.
at::Tensor DecodeClips(const AutoencoderKL& vae, const at::Tensor& latents, int64_t chunk);

// What I2VGen-XL is told of its start image beside the text: the image's latent [B, C, h, w] (scaled) as frame 0, and
// for frame k >= 1 the constant k / (F - 1): [B, C, F, h, w].
at::Tensor I2VGenXLImageLatents(const at::Tensor& first, int64_t frames);

}  // namespace skipbench
