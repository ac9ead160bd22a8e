// CLIPVisionModelWithProjection (Radford et al. 2021): the image encoder of I2VGen-XL.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/base/json.h"
#include "harness/models/clip_encoder.h"

namespace skipbench {

struct ClipVisionOutput {
  at::Tensor embeddings;  // [B, 1 + patches, D]: class token and patches, with their positions
  std::vector<at::Tensor>
      hidden_states;             // layers + 1 tensors [B, 1 + patches, D]: after pre_layrnorm, then every layer
  at::Tensor last_hidden_state;  // the last of them; no final norm
  at::Tensor pooled;             // [B, D]: its class token after post_layernorm
  at::Tensor image_embeds;       // [B, projection_dim]: projected, not normalised
};

class CLIPVisionModelWithProjection {
 public:
  struct Config {
    ClipEncoderConfig encoder;
    int64_t num_channels = 3;
    int64_t image_size = 224;
    int64_t patch_size = 32;
    int64_t projection_dim = 512;
  };
  static constexpr const char* kClassNames[] = {"CLIPVisionModelWithProjection"};
  static constexpr const char* kStem = "model";              // of the weight files' names, transformers'
  static constexpr const char* kIgnored = "*.position_ids";  // a buffer that files may hold
  // transformers' config.json. Keys that do not concern inference are not looked at.
  static Config ParseConfig(const JsonReader& json);

  CLIPVisionModelWithProjection(const Config& config, const Weights& w);

  ClipVisionOutput Forward(const at::Tensor& pixel_values) const;  // [B, 3, image_size, image_size], normalised

  const Config& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }

 private:
  Config config_;
  at::ScalarType dtype_;
  at::Tensor class_embedding_, patch_embedding_, position_embedding_;
  LayerNorm pre_layrnorm_;  // sic: the published files spell it so
  ClipEncoder encoder_;
  LayerNorm post_layernorm_;
  Linear visual_projection_;
};

}  // namespace skipbench
