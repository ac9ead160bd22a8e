#include "harness/models/vq_model.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

VQModel::Config VQModel::ParseConfig(const JsonReader& json) {
  CheckClassName<VQModel>(json);
  Only(json, "norm_type", {"group"});
  Only(json, "lookup_from_codebook", {false});
  Config c;
  c.net = ParseAutoencoderConfig(json, 3);
  c.num_vq_embeddings = json.IntOr("num_vq_embeddings", 256, 1, int64_t{1} << 24);
  c.vq_embed_dim = json.IntOr("vq_embed_dim", c.net.latent_channels, 1, kMaxChannels);
  c.scaling_factor = json.DoubleOr("scaling_factor", c.scaling_factor, 1e-9, 1e9);
  json.BoolOr("force_upcast", false);  // it does not overflow
  IgnoreTheRest(json, {});
  return c;
}

VQModel::VQModel(const Config& config, const Weights& w)
    : config_(config),
      dtype_(w.options().dtype),
      encoder_(w.Sub("encoder"), config.net, config.net.latent_channels),
      quant_conv_(w.Sub("quant_conv"), {config.net.latent_channels, config.vq_embed_dim, 1, 1, 0}),
      codebook_(w.Sub("quantize.embedding"), config.num_vq_embeddings, config.vq_embed_dim),
      post_quant_conv_(w.Sub("post_quant_conv"), {config.vq_embed_dim, config.net.latent_channels, 1, 1, 0}),
      decoder_(w.Sub("decoder"), config.net) {}

at::Tensor VQModel::Encode(const at::Tensor& x) const { return quant_conv_.Forward(encoder_.Forward(x.to(dtype_))); }

VQModel::Quantised VQModel::Quantise(const at::Tensor& z) const {
  if (z.dim() != 4 || z.size(1) != config_.vq_embed_dim)
    Fail("the autoencoder takes latents with {} channels", config_.vq_embed_dim);
  const at::Tensor places = z.to(dtype_).permute({0, 2, 3, 1}).contiguous();  // [B, h, w, D]
  const at::Tensor flat = places.view({-1, config_.vq_embed_dim});
  const at::Tensor indices = at::argmin(at::cdist(flat, codebook_.weight()), 1);
  const at::Tensor code = codebook_.Forward(indices).view(places.sizes());
  // The reference adds the difference to the latent instead of taking the code, which rounds differently.
  const at::Tensor latent = places + (code - places);
  return {latent.permute({0, 3, 1, 2}), indices.view({z.size(0), z.size(2), z.size(3)})};
}

at::Tensor VQModel::DecodeQuantised(const at::Tensor& z) const {
  return decoder_.Forward(post_quant_conv_.Forward(z.to(dtype_).contiguous(at::MemoryFormat::ChannelsLast)));
}

}  // namespace skipbench
