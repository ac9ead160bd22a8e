// From decoder output to pictures.
#pragma once

#include <ATen/core/Tensor.h>

namespace skipbench {

// [n, 3, H, W] in [-1, 1] (clamped) to uint8 on the CPU: round-half-even(255 clamp(x/2 + 0.5, 0, 1)), as diffusers'
// image processor. Values that are not finite throw Error.
at::Tensor ToPictures(const at::Tensor& decoded);

}  // namespace skipbench
