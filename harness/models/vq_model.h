// VQModel: the autoencoder of LDM-4, whose latents are entries of a codebook.
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/base/json.h"
#include "harness/models/autoencoder.h"
#include "harness/nn/layers/embedding.h"

namespace skipbench {

class VQModel {
 public:
  struct Config {
    AutoencoderConfig net;
    int64_t num_vq_embeddings = 256;
    int64_t vq_embed_dim = 3;         // default: latent_channels
    double scaling_factor = 0.18215;  // 1.0 in LDM's own configs
  };
  static constexpr const char* kClassNames[] = {"VQModel"};
  static Config ParseConfig(const JsonReader& json);  // throws Error or UnsupportedError, naming file, key and value

  VQModel(const Config& config, const Weights& w);

  // Latents [B, vq_embed_dim, h, w] to pictures. They are quantised first, as in diffusers and LDM.
  at::Tensor Decode(const at::Tensor& z) const { return DecodeQuantised(Quantise(z).latent); }
  at::Tensor DecodeQuantised(const at::Tensor& z) const;  // without quantising
  at::Tensor Encode(const at::Tensor& x) const;           // pictures to latents, not quantised

  struct Quantised {
    at::Tensor latent;   // [B, vq_embed_dim, h, w]
    at::Tensor indices;  // int64 [B, h, w], rows of the codebook
  };
  // The nearest entry of the codebook for each place (Euclidean distance).
  Quantised Quantise(const at::Tensor& z) const;

  const Config& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }

 private:
  Config config_;
  at::ScalarType dtype_;
  Encoder encoder_;
  Conv2d quant_conv_;
  Embedding codebook_;
  Conv2d post_quant_conv_;
  Decoder decoder_;
};

}  // namespace skipbench
