#include "harness/models/clip_encoder.h"

#include <ATen/ATen.h>

#include "harness/models/config.h"
#include "harness/nn/layers/macs.h"

namespace skipbench {

void ParseClipEncoderConfig(const JsonReader& json, ClipEncoderConfig* config) {
  ClipEncoderConfig& c = *config;
  c.hidden_size = json.IntOr("hidden_size", c.hidden_size, 1, kMaxChannels);
  c.intermediate_size = json.IntOr("intermediate_size", c.intermediate_size, 1, kMaxChannels * 4);
  c.num_hidden_layers = json.IntOr("num_hidden_layers", c.num_hidden_layers, 1, kMaxLayers);
  c.num_attention_heads = json.IntOr("num_attention_heads", c.num_attention_heads, 1, kMaxChannels);
  Only(json, "hidden_act", {"quick_gelu", "gelu"});
  c.quick_gelu = json.StringOr("hidden_act", "quick_gelu") == "quick_gelu";
  c.layer_norm_eps = json.DoubleOr("layer_norm_eps", c.layer_norm_eps, 0, 1);
  if (c.hidden_size % c.num_attention_heads != 0)
    json.FailAt("num_attention_heads",
                fmt::format("{} channels cannot be split into {} heads", c.hidden_size, c.num_attention_heads));
}

ClipEncoder::ClipEncoder(const Weights& w, const ClipEncoderConfig& config) : config_(config) {
  const int64_t d = config.hidden_size;
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const Weights layer = w.Sub("layers", i);
    const Weights attention = layer.Sub("self_attn");
    layers_.push_back({LayerNorm(layer.Sub("layer_norm1"), d, config.layer_norm_eps),
                       Linear(attention, {"q_proj", "k_proj", "v_proj"}, d, d, true),
                       Linear(attention.Sub("out_proj"), d, d),
                       LayerNorm(layer.Sub("layer_norm2"), d, config.layer_norm_eps),
                       Linear(layer.Sub("mlp.fc1"), d, config.intermediate_size),
                       Linear(layer.Sub("mlp.fc2"), config.intermediate_size, d), ModuleName(attention)});
  }
}

at::Tensor ClipEncoder::RunLayer(const Layer& layer, const at::Tensor& x, bool causal) const {
  const int64_t heads = config_.num_attention_heads, dim = config_.hidden_size / heads;
  const at::Tensor qkv = layer.qkv.Forward(layer.layer_norm1.Forward(x));
  at::Tensor attended;
  if (x.is_meta()) {
    CountAttention(layer.attention_name, x.size(0), x.size(1), x.size(1), config_.hidden_size, config_.hidden_size);
    attended = at::empty_like(x);
  } else {
    const at::Tensor split = qkv.unflatten(-1, {3, heads, dim}).permute({2, 0, 3, 1, 4});  // [3, B, heads, L, dim]
    attended =
        at::scaled_dot_product_attention(split[0], split[1], split[2], {}, 0.0, causal).transpose(1, 2).flatten(2);
  }
  const at::Tensor h = layer.out.ForwardAdd(attended, x);
  at::Tensor m = layer.fc1.Forward(layer.layer_norm2.Forward(h));
  m = config_.quick_gelu ? m * at::sigmoid(1.702 * m) : at::gelu(m);
  return layer.fc2.ForwardAdd(m, h);
}

std::vector<at::Tensor> ClipEncoder::Forward(const at::Tensor& x, bool causal) const {
  std::vector<at::Tensor> states = {x};
  for (const Layer& layer : layers_) states.push_back(RunLayer(layer, states.back(), causal));
  return states;
}

}  // namespace skipbench
