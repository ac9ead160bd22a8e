// Patches of latents as tokens, and their places as sines.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/nn/cpu/packed.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

// Sizes of a patch, one for each of a sample's axes: {height, width}, or {frames, height, width}.
using PatchSize = std::vector<int64_t>;

// Throws Error where a sample [B, C, H, W] or [B, C, F, H, W] is not made of whole patches.
void CheckPatches(at::IntArrayRef sample, const PatchSize& patch);

// [B, C, sizes...] -> [B, patches, C * values of a patch]: rows of patches first; in a patch channels first.
at::Tensor ToPatches(const at::Tensor& sample, const PatchSize& patch);
// The other way, to samples of `shape` [B, C, sizes...]. `channels_last`: in a patch channels come last, as the output
// layers of most networks have them.
at::Tensor FromPatches(const at::Tensor& tokens, at::IntArrayRef shape, const PatchSize& patch, bool channels_last);

// A convolution whose kernel and stride are the patch: "weight" [dim, C, patch...], "bias".
class PatchEmbedding {
 public:
  PatchEmbedding(const Weights& w, int64_t channels, int64_t dim, PatchSize patch);
  at::Tensor Forward(const at::Tensor& sample) const;  // [B, C, sizes...] -> [B, patches, dim]

 private:
  std::string name_;
  PatchSize patch_;
  int64_t channels_, dim_;
  PackedLinear linear_;
};

// Sines and cosines of the places of height x width patches, [height * width, dim] float32 on the CPU: of the column,
// then of the row. `base` patches a side are the network's own size; on another they are spread over the same range,
// which is divided by `scale`.
at::Tensor SinePositions(int64_t height, int64_t width, int64_t base, double scale, int64_t dim);

}  // namespace skipbench
