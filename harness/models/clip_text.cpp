#include "harness/models/clip_text.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

using Config = CLIPTextModel::Config;

Config CLIPTextModel::ParseConfig(const JsonReader& json) {
  Config c;
  if (json.Has("architectures")) {
    const std::vector<std::string> names = json.Strings("architectures");
    const std::string name = names.empty() ? "" : names[0];
    if (name != "CLIPTextModel" && name != "CLIPTextModelWithProjection")
      FailUnsupportedValue(json, "architectures", "CLIPTextModel, CLIPTextModelWithProjection");
    c.with_projection = name == "CLIPTextModelWithProjection";
  }
  Only(json, "model_type", {"clip_text_model", "clip"});
  c.vocab_size = json.IntOr("vocab_size", c.vocab_size, 1, int64_t{1} << 24);
  c.max_position_embeddings = json.IntOr("max_position_embeddings", c.max_position_embeddings, 1, int64_t{1} << 20);
  ParseClipEncoderConfig(json, &c);
  c.projection_dim = json.IntOr("projection_dim", c.projection_dim, 1, kMaxChannels);
  c.eos_token_id = json.IntOr("eos_token_id", c.eos_token_id);
  return c;
}

CLIPTextModel::CLIPTextModel(const Config& config, const Weights& w) : config_(config), dtype_(w.options().dtype) {
  // Files of transformers 5 leave "text_model." out.
  const Weights text =
      w.shapes_only() || w.HasPrefix("text_model.") || !w.HasPrefix("embeddings.") ? w.Sub("text_model") : w;
  const int64_t d = config.hidden_size;
  token_embedding_.emplace(text.Sub("embeddings.token_embedding"), config.vocab_size, d);
  position_embedding_.emplace(text.Sub("embeddings.position_embedding"), config.max_position_embeddings, d);
  encoder_.emplace(text.Sub("encoder"), config);
  final_layer_norm_.emplace(text.Sub("final_layer_norm"), d, config.layer_norm_eps);
  if (config.with_projection) text_projection_.emplace(w.Sub("text_projection"), d, config.projection_dim, false);
}

at::Tensor CLIPTextModel::Pool(const at::Tensor& last_hidden_state, const at::Tensor& input_ids) const {
  if (input_ids.is_meta()) return last_hidden_state.select(1, 0);
  const at::Tensor ids = input_ids.to(at::kInt);
  const at::Tensor place =
      config_.eos_token_id == 2 ? ids.argmax(-1) : ids.eq(config_.eos_token_id).to(at::kInt).argmax(-1);
  const at::Tensor index = place.view({-1, 1, 1}).expand({-1, 1, last_hidden_state.size(2)});
  return last_hidden_state.gather(1, index).squeeze(1);
}

ClipTextOutput CLIPTextModel::Forward(const at::Tensor& input_ids) const {
  if (input_ids.dim() != 2 || input_ids.size(1) < 1 || input_ids.size(1) > config_.max_position_embeddings)
    Fail("the text encoder takes token ids [B, up to {}], got [{}]", config_.max_position_embeddings,
         fmt::join(input_ids.sizes(), ", "));
  ClipTextOutput output;
  const at::Tensor positions = position_embedding_->weight().slice(0, 0, input_ids.size(1));
  output.hidden_states = encoder_->Forward(token_embedding_->Forward(input_ids) + positions, /*causal=*/true);
  output.last_hidden_state = final_layer_norm_->Forward(output.hidden_states.back());
  output.pooled = Pool(output.last_hidden_state, input_ids);
  if (text_projection_) output.text_embeds = text_projection_->Forward(output.pooled);
  return output;
}

}  // namespace skipbench
