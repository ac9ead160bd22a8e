#include "harness/pipelines/pictures.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

namespace skipbench {

at::Tensor ToPictures(const at::Tensor& decoded) {
  const at::Tensor pixels = decoded.to(at::kFloat);
  if (!at::isfinite(pixels.sum()).item<bool>()) Fail("the decoder's output is not finite (NaN or infinity)");
  return pixels.mul(0.5).add(0.5).clamp(0, 1).mul(255).round().to(at::kByte).cpu().contiguous();
}

}  // namespace skipbench
