#include "harness/models/t5_encoder.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/portable_math.h"
#include "harness/models/config.h"
#include "harness/nn/layers/macs.h"

namespace skipbench {

using Config = T5EncoderModel::Config;

T5LayerNorm::T5LayerNorm(const Weights& w, int64_t features, double eps)
    : weight_(w.Take("weight", {features})), eps_(eps) {}

at::Tensor T5LayerNorm::Forward(const at::Tensor& x) const {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor normed = wide * at::rsqrt(wide.square().mean(-1, /*keepdim=*/true) + eps_);
  return weight_ * normed.to(weight_.scalar_type());
}

Config T5EncoderModel::ParseConfig(const JsonReader& json) {
  Config c;
  Only(json, "model_type", {"t5", "umt5"});
  bool umt5 = json.StringOr("model_type", "t5") == "umt5";
  if (json.Has("architectures")) {
    const std::vector<std::string> names = json.Strings("architectures");
    const std::string name = names.empty() ? "" : names[0];
    if (name != "T5EncoderModel" && name != "UMT5EncoderModel")
      FailUnsupportedValue(json, "architectures", "T5EncoderModel, UMT5EncoderModel");
    umt5 = name == "UMT5EncoderModel";
  }
  c.bias_in_each_layer = umt5;
  c.vocab_size = json.IntOr("vocab_size", umt5 ? 250112 : c.vocab_size, 1, int64_t{1} << 24);
  c.d_model = json.IntOr("d_model", c.d_model, 1, kMaxChannels);
  c.d_kv = json.IntOr("d_kv", c.d_kv, 1, kMaxChannels);
  c.d_ff = json.IntOr("d_ff", umt5 ? 1024 : c.d_ff, 1, kMaxChannels * 4);
  c.num_layers = json.IntOr("num_layers", umt5 ? 8 : c.num_layers, 1, kMaxLayers);
  c.num_heads = json.IntOr("num_heads", umt5 ? 6 : c.num_heads, 1, kMaxChannels);
  c.relative_attention_num_buckets =
      json.IntOr("relative_attention_num_buckets", c.relative_attention_num_buckets, 4, kMaxChannels);
  c.relative_attention_max_distance =
      json.IntOr("relative_attention_max_distance", c.relative_attention_max_distance, 2, int64_t{1} << 24);
  if (c.relative_attention_max_distance <= c.relative_attention_num_buckets / 4)
    json.FailAt("relative_attention_max_distance",
                fmt::format("expected more than a quarter of the {} buckets, found {}",
                            c.relative_attention_num_buckets, c.relative_attention_max_distance));
  c.layer_norm_epsilon = json.DoubleOr("layer_norm_epsilon", c.layer_norm_epsilon, 0, 1);
  Only(json, "feed_forward_proj", {"gated-gelu", "gated-silu", "gated-relu", "relu", "gelu", "gelu_new", "silu"});
  const std::string projection = json.StringOr("feed_forward_proj", umt5 ? "gated-gelu" : "relu");
  c.gated = projection.starts_with("gated-");
  c.activation = c.gated ? projection.substr(6) : projection;
  if (projection == "gated-gelu") c.activation = "gelu_new";  // as published T5 v1.1 means it
  return c;
}

WeightsOptions T5EncoderModel::WithOwnTypes(WeightsOptions options) {
  if (!options.dtype_of)
    options.dtype_of = [](std::string_view name, at::ScalarType dtype) {
      return dtype == at::kHalf && name.ends_with(".wo.weight") ? at::kFloat : dtype;
    };
  return options;
}

T5EncoderModel::T5EncoderModel(const Config& config, const Weights& w) : config_(config), dtype_(w.options().dtype) {
  const Config& c = config;
  const int64_t inner = c.num_heads * c.d_kv;
  const bool elsewhere =
      !w.shapes_only() && !w.HasPrefix("shared.weight") && w.HasPrefix("encoder.embed_tokens.weight");
  shared_.emplace(w.Sub(elsewhere ? "encoder.embed_tokens" : "shared"), c.vocab_size, c.d_model);
  const Weights encoder = w.Sub("encoder");
  for (int64_t i = 0; i < c.num_layers; ++i) {
    const Weights block = encoder.Sub("block", i).Sub("layer");
    const Weights attention = block.Sub("0.SelfAttention"), feed_forward = block.Sub("1.DenseReluDense");
    Layer layer{T5LayerNorm(block.Sub("0.layer_norm"), c.d_model, c.layer_norm_epsilon),
                Linear(attention, {"q", "k", "v"}, c.d_model, inner, false),
                Linear(attention.Sub("o"), inner, c.d_model, false),
                T5LayerNorm(block.Sub("1.layer_norm"), c.d_model, c.layer_norm_epsilon),
                c.gated ? Linear(feed_forward, {"wi_0", "wi_1"}, c.d_model, c.d_ff, false)
                        : Linear(feed_forward.Sub("wi"), c.d_model, c.d_ff, false),
                Linear(feed_forward.Sub("wo"), c.d_ff, c.d_model, false),
                {},
                ModuleName(attention)};
    if (i == 0 || c.bias_in_each_layer)
      layer.relative_attention_bias =
          attention.Sub("relative_attention_bias").Take("weight", {c.relative_attention_num_buckets, c.num_heads});
    layers_.push_back(std::move(layer));
  }
  final_layer_norm_.emplace(encoder.Sub("final_layer_norm"), c.d_model, c.layer_norm_epsilon);
}

at::Tensor T5PositionBuckets(int64_t length, int64_t buckets, int64_t max_distance) {
  const int64_t half = buckets / 2, exact = half / 2;
  // In float32 as there: at 16, 32 and 64 the logarithm stands at the edge of a bucket.
  const auto span = static_cast<float>(portable::Log(static_cast<double>(max_distance) / static_cast<double>(exact)));
  std::vector<int64_t> of_distance;
  for (int64_t d = 0; d < length; ++d) {
    if (d < exact) {
      of_distance.push_back(d);
      continue;
    }
    const float steps = portable::Log(static_cast<float>(d) / static_cast<float>(exact)) / span;
    of_distance.push_back(std::min(half - 1, exact + static_cast<int64_t>(steps * static_cast<float>(half - exact))));
  }
  const at::Tensor places = at::arange(length, at::kLong);
  const at::Tensor relative = places.unsqueeze(0) - places.unsqueeze(1);
  return at::tensor(of_distance, at::kLong).index({relative.abs()}) + (relative > 0).to(at::kLong) * half;
}

// [1, heads, length, length].
at::Tensor T5EncoderModel::PositionBias(const at::Tensor& table, int64_t length) const {
  if (table.is_meta()) return at::empty({1, config_.num_heads, length, length}, table.options());
  const at::Tensor buckets =
      T5PositionBuckets(length, config_.relative_attention_num_buckets, config_.relative_attention_max_distance)
          .to(table.device());
  return at::embedding(table, buckets).permute({2, 0, 1}).unsqueeze(0);
}

// softmax(q k^T + bias) v: the products are not scaled.
at::Tensor T5EncoderModel::Attend(const Layer& layer, const at::Tensor& x, const at::Tensor& bias) const {
  const int64_t heads = config_.num_heads, dim = config_.d_kv;
  const at::Tensor qkv = layer.qkv.Forward(layer.attention_norm.Forward(x));
  at::Tensor attended;
  if (x.is_meta()) {
    CountAttention(layer.attention_name, x.size(0), x.size(1), x.size(1), heads * dim, heads * dim);
    attended = at::empty({x.size(0), x.size(1), heads * dim}, qkv.options());
  } else {
    const at::Tensor split = qkv.unflatten(-1, {3, heads, dim}).permute({2, 0, 3, 1, 4});  // [3, B, heads, L, dim]
    attended = at::scaled_dot_product_attention(split[0], split[1], split[2], bias, 0.0, false, 1.0)
                   .transpose(1, 2)
                   .flatten(2);
  }
  return x + layer.o.Forward(attended);
}

at::Tensor T5EncoderModel::FeedForward(const Layer& layer, const at::Tensor& x) const {
  const at::Tensor in = layer.wi.Forward(layer.feed_forward_norm.Forward(x));
  const at::Tensor gate = config_.gated ? in.narrow(-1, 0, config_.d_ff) : in;
  const std::string& name = config_.activation;
  at::Tensor h = name == "relu"       ? at::relu(gate)
                 : name == "gelu"     ? at::gelu(gate)
                 : name == "gelu_new" ? at::gelu(gate, "tanh")
                                      : at::silu(gate);
  if (config_.gated) h = h * in.narrow(-1, config_.d_ff, config_.d_ff);
  return x + layer.wo.Forward(dtype_ == at::kHalf ? h.to(at::kFloat) : h);
}

namespace {

// float16's range is left by sums of large activations: as in transformers they are clamped to it.
at::Tensor Clamped(const at::Tensor& x) {
  if (x.scalar_type() != at::kHalf || x.is_meta()) return x;
  constexpr double kMost = 65504;
  const double most = x.isinf().any().item<bool>() ? kMost - 1000 : kMost;
  return x.clamp(-most, most);
}

}  // namespace

T5Output T5EncoderModel::Forward(const at::Tensor& input_ids, const at::Tensor& mask) const {
  if (input_ids.dim() != 2 || input_ids.size(1) < 1)
    Fail("the text encoder takes token ids [B, L], got [{}]", fmt::join(input_ids.sizes(), ", "));
  if (mask.defined() && mask.sizes() != input_ids.sizes())
    Fail("the text encoder takes a mask [{}] for as many token ids, got [{}]", fmt::join(input_ids.sizes(), ", "),
         fmt::join(mask.sizes(), ", "));
  at::Tensor x = shared_->Forward(input_ids);
  at::Tensor hidden;  // [B, 1, 1, L], what a key's score is lowered by
  if (mask.defined() && !x.is_meta()) {
    const double lowest = x.scalar_type() == at::kHalf ? -65504.0 : -1e38;  // bfloat16 has no float32's lowest
    hidden = at::zeros(mask.sizes(), x.options()).masked_fill_(mask == 0, lowest).unsqueeze(1).unsqueeze(1);
  }
  T5Output output;
  output.hidden_states = {x};
  at::Tensor bias;
  for (const Layer& layer : layers_) {
    if (layer.relative_attention_bias.defined()) {
      bias = PositionBias(layer.relative_attention_bias, input_ids.size(1));
      if (hidden.defined()) bias = bias + hidden;
    }
    x = Clamped(Attend(layer, x, bias));
    x = Clamped(FeedForward(layer, x));
    output.hidden_states.push_back(x);
  }
  output.last_hidden_state = final_layer_norm_->Forward(x);
  output.hidden_states.back() = output.last_hidden_state;
  return output;
}

}  // namespace skipbench
