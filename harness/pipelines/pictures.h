// From decoder output to pictures and clips.
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/models/autoencoder_kl.h"

namespace skipbench {

// [n, 3, H, W] in [-1, 1] (clamped) to uint8 on the CPU: round-half-even(255 clamp(x/2 + 0.5, 0, 1)), as diffusers'
// image processor makes PIL images; `truncate`: without a fraction, as (images * 255).astype("uint8") of its arrays.
// Values that are not finite throw Error.
at::Tensor ToPictures(const at::Tensor& decoded, bool truncate = false);

// Latents of the denoiser [B, C, F, h, w] to uint8 clips [B, F, 3, H, W] on the CPU, through an autoencoder that knows
// single pictures. At most `chunk` (>= 1) frames go through the decoder together; frames do not know of each other
// there, so that only float noise depends on it. Memory grows with the chunk, not with the clip.
at::Tensor DecodeClips(const AutoencoderKL& vae, const at::Tensor& latents, int64_t chunk, bool truncate = false);

// What I2VGen-XL is told of its start image beside the text: the image's latent [B, C, h, w] (scaled) as frame 0, and
// for frame k >= 1 the constant k / (F - 1): [B, C, F, h, w].
at::Tensor I2VGenXLImageLatents(const at::Tensor& first, int64_t frames);

}  // namespace skipbench
