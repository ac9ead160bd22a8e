// CLIPTextModel and CLIPTextModelWithProjection (Radford et al. 2021): the text encoders of Stable Diffusion and SDXL.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/clip_encoder.h"
#include "harness/nn/layers/embedding.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/norm.h"

namespace skipbench {

struct ClipTextOutput {
  at::Tensor last_hidden_state;  // [B, L, D], after the final layer norm: what SD 1 and 2 condition on
  std::vector<at::Tensor>
      hidden_states;       // layers + 1 tensors [B, L, D]: the embeddings, then every layer; no final norm
  at::Tensor pooled;       // [B, D]: last_hidden_state at the end-of-text token
  at::Tensor text_embeds;  // [B, projection_dim]: pooled, projected; only with a projection

  // hidden_states[-2]: what SDXL conditions on. I2VGen-XL does after the final layer norm: CLIPTextModel::FinalNorm().
  const at::Tensor& penultimate() const { return hidden_states[hidden_states.size() - 2]; }
};

class CLIPTextModel {
 public:
  struct Config : ClipEncoderConfig {
    int64_t vocab_size = 49408;
    int64_t max_position_embeddings = 77;
    int64_t projection_dim = 512;
    // 2, a mistake in the published configs, means: pool at the largest id of the row; else at the first such id.
    int64_t eos_token_id = 49407;
    bool with_projection = false;  // architectures: CLIPTextModelWithProjection
  };
  static constexpr const char* kClassNames[] = {"CLIPTextModel", "CLIPTextModelWithProjection"};
  static constexpr const char* kStem = "model";              // of the weight files' names, transformers'
  static constexpr const char* kIgnored = "*.position_ids";  // a buffer that files may hold
  // transformers' config.json. Keys that do not concern inference are not looked at.
  static Config ParseConfig(const JsonReader& json);

  CLIPTextModel(const Config& config, const Weights& w);

  // int64 [B, L], L at most max_position_embeddings. Attention is causal; padding is not masked, as in the pipelines.
  ClipTextOutput Forward(const at::Tensor& input_ids) const;

  // The final layer norm alone, for those who condition on a hidden state before the last (clip_skip).
  at::Tensor FinalNorm(const at::Tensor& hidden_state) const { return final_layer_norm_->Forward(hidden_state); }

  const Config& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }

 private:
  at::Tensor Pool(const at::Tensor& last_hidden_state, const at::Tensor& input_ids) const;

  Config config_;
  at::ScalarType dtype_;
  std::optional<Embedding> token_embedding_, position_embedding_;
  std::optional<ClipEncoder> encoder_;
  std::optional<LayerNorm> final_layer_norm_;
  std::optional<Linear> text_projection_;
};

}  // namespace skipbench
