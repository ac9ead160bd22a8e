// diffusers' CombinedTimestepTextProjEmbeddings, with and without guidance: what modulates the blocks of SD3 and FLUX.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "harness/nn/layers/embedding.h"
#include "harness/nn/layers/mlp.h"

namespace skipbench {

// The sinusoids that all diffusion transformers but DiT begin with.
inline constexpr Timesteps kTransformerTimesteps = {.dim = 256, .flip_sin_to_cos = true, .freq_shift = 0};

// timestep_embedder(t) + guidance_embedder(g) + text_embedder(pooled), each two layers with SiLU.
class TimeTextEmbedding {
 public:
  TimeTextEmbedding(const Weights& w, int64_t dim, int64_t pooled_width, bool guidance);
  // timesteps [1 or B] and guidance [B] float32, as the sinusoids take them; pooled [B, pooled_width] -> [B, dim].
  // `guidance` is undefined for a network without it.
  at::Tensor Forward(const at::Tensor& timesteps, const at::Tensor& guidance, const at::Tensor& pooled) const;

 private:
  TimestepEmbedding timestep_embedder_;
  std::optional<TimestepEmbedding> guidance_embedder_;
  Mlp text_embedder_;
};

}  // namespace skipbench
