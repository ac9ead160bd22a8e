// Latents as FLUX's sampler sees them: patches of the network's samples, one after the other (diffusers'
// FluxPipeline._pack_latents).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/base/cache_site.h"
#include "harness/nn/layers/patches.h"

namespace skipbench {

struct PackedLatents {
  std::vector<int64_t> shape;  // of the network's samples, [C, H, W]; empty: they are not packed
  PatchSize patch;

  bool defined() const { return !shape.empty(); }
  std::vector<int64_t> packed_shape() const;  // [patches, values of a patch]
  // [n, C, H, W] -> [n, patches, values of a patch], in a patch channels first; the same tensor where nothing is
  // packed.
  at::Tensor Pack(const at::Tensor& samples) const;
  at::Tensor Unpack(const at::Tensor& latents) const;  // the other way
  // Of a network with packed latents: a sampler sees no rows and columns in them.
  NetworkAbilities AbilitiesOf(NetworkAbilities network) const {
    if (defined()) network.signals.erase(ProbeSite::Signal::kFilteredInput);
    return network;
  }
};

}  // namespace skipbench
