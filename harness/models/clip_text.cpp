#include "harness/models/clip_text.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/models/config.h"
#include "harness/nn/macs.h"

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
  c.hidden_size = json.IntOr("hidden_size", c.hidden_size, 1, kMaxChannels);
  c.intermediate_size = json.IntOr("intermediate_size", c.intermediate_size, 1, kMaxChannels * 4);
  c.num_hidden_layers = json.IntOr("num_hidden_layers", c.num_hidden_layers, 1, kMaxLayers);
  c.num_attention_heads = json.IntOr("num_attention_heads", c.num_attention_heads, 1, kMaxChannels);
  c.max_position_embeddings = json.IntOr("max_position_embeddings", c.max_position_embeddings, 1, int64_t{1} << 20);
  Only(json, "hidden_act", {"quick_gelu", "gelu"});
  c.quick_gelu = json.StringOr("hidden_act", "quick_gelu") == "quick_gelu";
  c.layer_norm_eps = json.DoubleOr("layer_norm_eps", c.layer_norm_eps, 0, 1);
  c.projection_dim = json.IntOr("projection_dim", c.projection_dim, 1, kMaxChannels);
  c.eos_token_id = json.IntOr("eos_token_id", c.eos_token_id);
  if (c.hidden_size % c.num_attention_heads != 0)
    json.FailAt("num_attention_heads", fmt::format("{} channels cannot be split into {} heads", c.hidden_size, c.num_attention_heads));
  return c;
}

CLIPTextModel::CLIPTextModel(const Config& config, const Weights& w) : config_(config), dtype_(w.options().dtype) {
  // Files of transformers 5 leave "text_model." out.
  const Weights text = w.shapes_only() || w.HasPrefix("text_model.") || !w.HasPrefix("embeddings.") ? w.Sub("text_model") : w;
  const int64_t d = config.hidden_size;
  token_embedding_.emplace(text.Sub("embeddings.token_embedding"), config.vocab_size, d);
  position_embedding_.emplace(text.Sub("embeddings.position_embedding"), config.max_position_embeddings, d);
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const Weights layer = text.Sub("encoder.layers", i);
    const Weights attention = layer.Sub("self_attn");
    layers_.push_back({LayerNorm(layer.Sub("layer_norm1"), d, config.layer_norm_eps),
                       Linear(attention, {"q_proj", "k_proj", "v_proj"}, d, d, true), Linear(attention.Sub("out_proj"), d, d),
                       LayerNorm(layer.Sub("layer_norm2"), d, config.layer_norm_eps),
                       Linear(layer.Sub("mlp.fc1"), d, config.intermediate_size), Linear(layer.Sub("mlp.fc2"), config.intermediate_size, d)});
  }
  final_layer_norm_.emplace(text.Sub("final_layer_norm"), d, config.layer_norm_eps);
  if (config.with_projection) text_projection_.emplace(w.Sub("text_projection"), d, config.projection_dim, false);
}

at::Tensor CLIPTextModel::RunLayer(const Layer& layer, const std::string& name, const at::Tensor& x) const {
  const int64_t heads = config_.num_attention_heads, dim = config_.hidden_size / heads;
  const at::Tensor qkv = layer.qkv.Forward(layer.layer_norm1.Forward(x));
  at::Tensor attended;
  if (x.is_meta()) {
    CountAttention(name + ".self_attn", x.size(0), x.size(1), x.size(1), config_.hidden_size, config_.hidden_size);
    attended = at::empty_like(x);
  } else {
    const at::Tensor split = qkv.unflatten(-1, {3, heads, dim}).permute({2, 0, 3, 1, 4});      // [3, B, heads, L, dim]
    attended = at::scaled_dot_product_attention(split[0], split[1], split[2], {}, 0.0, true).transpose(1, 2).flatten(2);
  }
  const at::Tensor h = layer.out.ForwardAdd(attended, x);
  at::Tensor m = layer.fc1.Forward(layer.layer_norm2.Forward(h));
  m = config_.quick_gelu ? m * at::sigmoid(1.702 * m) : at::gelu(m);
  return layer.fc2.ForwardAdd(m, h);
}

at::Tensor CLIPTextModel::Pool(const at::Tensor& last_hidden_state, const at::Tensor& input_ids) const {
  if (input_ids.is_meta()) return last_hidden_state.select(1, 0);
  const at::Tensor ids = input_ids.to(at::kInt);
  const at::Tensor place = config_.eos_token_id == 2 ? ids.argmax(-1) : ids.eq(config_.eos_token_id).to(at::kInt).argmax(-1);
  const at::Tensor index = place.view({-1, 1, 1}).expand({-1, 1, last_hidden_state.size(2)});
  return last_hidden_state.gather(1, index).squeeze(1);
}

ClipTextOutput CLIPTextModel::Forward(const at::Tensor& input_ids) const {
  if (input_ids.dim() != 2 || input_ids.size(1) < 1 || input_ids.size(1) > config_.max_position_embeddings)
    Fail("the text encoder takes token ids [B, up to {}], got [{}]", config_.max_position_embeddings, fmt::join(input_ids.sizes(), ", "));
  ClipTextOutput output;
  const at::Tensor positions = position_embedding_->weight().slice(0, 0, input_ids.size(1));
  output.hidden_states.push_back(token_embedding_->Forward(input_ids) + positions);
  for (size_t i = 0; i < layers_.size(); ++i)
    output.hidden_states.push_back(RunLayer(layers_[i], fmt::format("text_model.encoder.layers.{}", i), output.hidden_states.back()));
  output.last_hidden_state = final_layer_norm_->Forward(output.hidden_states.back());
  output.pooled = Pool(output.last_hidden_state, input_ids);
  if (text_projection_) output.text_embeds = text_projection_->Forward(output.pooled);
  return output;
}

}  // namespace skipbench
