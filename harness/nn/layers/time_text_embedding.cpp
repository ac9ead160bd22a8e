#include "harness/nn/layers/time_text_embedding.h"

#include <ATen/ATen.h>

namespace skipbench {

TimeTextEmbedding::TimeTextEmbedding(const Weights& w, int64_t dim, int64_t pooled_width, bool guidance)
    : timestep_embedder_(w.Sub("timestep_embedder"), kTransformerTimesteps.dim, dim),
      text_embedder_(Mlp::TextProjection(w.Sub("text_embedder"), pooled_width, dim, Mlp::Activation::kSilu)) {
  if (guidance) guidance_embedder_.emplace(w.Sub("guidance_embedder"), kTransformerTimesteps.dim, dim);
}

at::Tensor TimeTextEmbedding::Forward(const at::Tensor& timesteps, const at::Tensor& guidance,
                                      const at::Tensor& pooled) const {
  const auto embed = [&](const TimestepEmbedding& layer, const at::Tensor& numbers) {
    return layer.Forward(kTransformerTimesteps.Forward(numbers).to(pooled.scalar_type()));
  };
  at::Tensor sum = embed(timestep_embedder_, timesteps);
  if (guidance_embedder_) sum = sum + embed(*guidance_embedder_, guidance);
  return sum + text_embedder_.Forward(pooled);
}

}  // namespace skipbench
