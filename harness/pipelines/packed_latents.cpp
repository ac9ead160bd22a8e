#include "harness/pipelines/packed_latents.h"

#include <ATen/ATen.h>
#include <c10/util/accumulate.h>

namespace skipbench {

std::vector<int64_t> PackedLatents::packed_shape() const {
  const int64_t values = shape[0] * c10::multiply_integers(patch);
  return {c10::multiply_integers(shape) / values, values};
}

at::Tensor PackedLatents::Pack(const at::Tensor& samples) const {
  return defined() ? ToPatches(samples, patch) : samples;
}

at::Tensor PackedLatents::Unpack(const at::Tensor& latents) const {
  if (!defined()) return latents;
  std::vector<int64_t> batch = shape;
  batch.insert(batch.begin(), latents.size(0));
  return FromPatches(latents, batch, patch, false);
}

}  // namespace skipbench
