#include "harness/models/unet_2d_condition.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

using Config = UNet2DConditionModel::Config;

namespace {

constexpr int64_t kTimeIds = 6;

// transformer_layers_per_block: a number, one for each level, or for each level a list with one for each layer.
std::vector<std::vector<int64_t>> TransformerLayers(const JsonReader& json, const std::string& key,
                                                    const std::vector<int64_t>& layers) {
  const Json* value = json.Find(key);
  const bool listed = value && value->is_array();
  if (listed && value->size() != layers.size())
    json.FailAt(key,
                fmt::format("expected one entry for each of the {} levels, found {}", layers.size(), Describe(*value)));
  const Json all = listed ? Json() : Json(json.IntOr(key, 1, 1, kMaxLayers));
  std::vector<std::vector<int64_t>> result(layers.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    const Json& entry = listed ? (*value)[i] : all;
    if (entry.is_array() && static_cast<int64_t>(entry.size()) < layers[i])
      json.FailAt(key, fmt::format("entry {}: expected one number for each of {} layers, found {}", i, layers[i],
                                   Describe(entry)));
    for (int64_t layer = 0; layer < layers[i]; ++layer) {
      const Json& number = entry.is_array() ? entry[layer] : entry;
      if (!number.is_number_integer() || number.get<int64_t>() < 1 || number.get<int64_t>() > kMaxLayers)
        json.FailAt(key, fmt::format("expected integers in [1, {}], found {}", kMaxLayers, Describe(number)));
      result[i].push_back(number.get<int64_t>());
    }
  }
  return result;
}

void ParseTextTime(const JsonReader& json, Config& config) {
  Only(json, "addition_embed_type", {"text_time"});
  config.text_time = json.Has("addition_embed_type");
  config.addition_time_embed_dim = json.IntOr("addition_time_embed_dim", 0, 1, kMaxChannels);
  if (!config.text_time) return;
  for (const char* key : {"addition_time_embed_dim", "projection_class_embeddings_input_dim"})
    if (!json.Has(key)) json.FailAt(key, "addition_embed_type \"text_time\" needs it");
}

// The transformer blocks going up, where the config does not say them: as going down.
std::vector<std::vector<int64_t>> Mirrored(const JsonReader& json, const Config& c,
                                           const std::vector<int64_t>& up_layers) {
  std::vector<std::vector<int64_t>> mirrored;
  for (size_t i = 0; i < up_layers.size(); ++i) {
    const std::vector<int64_t>& down = c.transformer_layers[up_layers.size() - 1 - i];
    if (std::adjacent_find(down.begin(), down.end(), std::not_equal_to<>()) != down.end())
      json.FailAt("reverse_transformer_layers_per_block",
                  "is needed when transformer_layers_per_block has lists in it");
    mirrored.emplace_back(up_layers[i], down[0]);
  }
  return mirrored;
}

void RefuseUnsupported(const JsonReader& json) {
  Only(json, "dual_cross_attention", {false});
  Only(json, "time_embedding_act_fn", {"silu", "swish"});
  Only(json, "attention_type", {"default"});
  Only(json, "mid_block_type", {"UNetMidBlock2DCrossAttn", "UNetMidBlock2D"});
  for (const char* key : {"encoder_hid_dim", "encoder_hid_dim_type", "timestep_post_act", "time_cond_proj_dim"})
    Only(json, key, {});
  if (json.Has("num_attention_heads"))
    FailUnsupportedValue(json, "num_attention_heads",
                         "null: diffusers refuses it, too; the heads are in attention_head_dim");
}

void CheckSizes(const JsonReader& json, const Config& config) {
  for (size_t i = 0; i < config.heads.size(); ++i)
    if (config.heads[i] > config.block_out_channels[i])
      json.FailAt("attention_head_dim",
                  fmt::format("{} heads in {} channels", config.heads[i], config.block_out_channels[i]));
  if (config.conv_in_kernel % 2 == 0) json.FailAt("conv_in_kernel", "expected an odd number");
  if (config.conv_out_kernel % 2 == 0) json.FailAt("conv_out_kernel", "expected an odd number");
  if (config.text_time && config.projection_class_embeddings_input_dim <= 6 * config.addition_time_embed_dim)
    json.FailAt("projection_class_embeddings_input_dim",
                fmt::format("{} leaves no room for the pooled text beside 6 time ids of {}",
                            config.projection_class_embeddings_input_dim, config.addition_time_embed_dim));
}

}  // namespace

Config UNet2DConditionModel::ParseConfig(const JsonReader& json) {
  CheckClassName<UNet2DConditionModel>(json);
  RefuseUnsupported(json);
  Config c;
  ParseUNetBlocks(json, "CrossAttn", "2D", 3, &c);
  c.projection_class_embeddings_input_dim = json.IntOr("projection_class_embeddings_input_dim", 0, 1, kMaxChannels);
  c.class_embeddings_concat = json.BoolOr("class_embeddings_concat", false);
  ParseUNet2D(json, {"timestep", "identity", "projection", "simple_projection"}, &c);
  ParseTextTime(json, c);
  const int64_t levels = static_cast<int64_t>(c.block_out_channels.size());
  if (const Json* mid = json.Find("mid_block_type"))
    c.mid_block_type = mid->is_null()             ? Config::MidBlockType::kNone
                       : *mid == "UNetMidBlock2D" ? Config::MidBlockType::kResnet
                                                  : Config::MidBlockType::kCrossAttention;
  c.only_cross_attention = BoolPerLevel(json, "only_cross_attention", false, levels);
  c.layers_per_block = PerLevel(json, "layers_per_block", 2, levels, 1, kMaxLayers);
  c.cross_attention_dim = PerLevel(json, "cross_attention_dim", 1280, levels, 1, kMaxChannels);
  c.transformer_layers = TransformerLayers(json, "transformer_layers_per_block", c.layers_per_block);
  std::vector<int64_t> up_layers;
  for (int64_t i = levels - 1; i >= 0; --i) up_layers.push_back(c.layers_per_block[i] + 1);
  c.up_transformer_layers = json.Has("reverse_transformer_layers_per_block")
                                ? TransformerLayers(json, "reverse_transformer_layers_per_block", up_layers)
                                : Mirrored(json, c, up_layers);
  c.heads = PerLevel(json, "attention_head_dim", 8, levels, 1, kMaxChannels);
  c.use_linear_projection = json.BoolOr("use_linear_projection", false);
  c.upcast_attention = json.BoolOr("upcast_attention", false);
  c.time_embedding_silu = json.Has("time_embedding_act_fn");
  c.conv_in_kernel = json.IntOr("conv_in_kernel", 3, 1, 31);
  c.conv_out_kernel = json.IntOr("conv_out_kernel", 3, 1, 31);
  CheckSizes(json, c);
  // Without effect on inference, or, as in diffusers, on the block types supported here.
  IgnoreTheRest(json, {"dropout", "mid_block_only_cross_attention", "cross_attention_norm",
                       "addition_embed_type_num_heads", "resnet_skip_time_act", "resnet_out_scale_factor"});
  return c;
}

UNet2DConditionModel::UNet2DConditionModel(const Config& config, const Weights& w) : UNet(config), config_(config) {
  const auto any = [](const std::vector<bool>& flags) { return std::ranges::count(flags, true) > 0; };
  if (any(config.down_attention) || any(config.up_attention) ||
      config.mid_block_type == Config::MidBlockType::kCrossAttention) {
    cross_attention_dim_ = config.cross_attention_dim[0];
    for (int64_t dim : config.cross_attention_dim)
      if (dim != cross_attention_dim_)
        FailUnsupported("cross_attention_dim: different widths in different levels are not supported");
  }
  conv_in_.emplace(w.Sub("conv_in"), Conv2dOptions{config.in_channels, config.block_out_channels[0],
                                                   config.conv_in_kernel, 1, (config.conv_in_kernel - 1) / 2});
  BuildTime(w);
  if (config.text_time) {
    add_time_proj_ = {config.addition_time_embed_dim, config.flip_sin_to_cos, config.freq_shift};
    add_embedding_.emplace(w.Sub("add_embedding"), config.projection_class_embeddings_input_dim, config.time_width());
  }
  BuildDown(w, [&](size_t level) {
    return LayerOptions(level, config.down_attention[level], config.transformer_layers[level]);
  });
  BuildMid(w);
  BuildUp(w, [&](size_t block, size_t level) {
    return LayerOptions(level, config.up_attention[block], config.up_transformer_layers[block]);
  });
  FinishConstruction(w, config.conv_out_kernel);
}

BlockOptions UNet2DConditionModel::LayerOptions(size_t level, bool cross_attention,
                                                const std::vector<int64_t>& transformer_layers) const {
  const Config& c = config_;
  BlockOptions options;
  options.resnet = Resnets();
  options.attention = cross_attention ? BlockAttention::kCross : BlockAttention::kNone;
  options.transformer_layers = transformer_layers;
  options.transformer = {.heads = c.heads[level],
                         .cross_attention_dim = c.cross_attention_dim[level],
                         .only_cross_attention = c.only_cross_attention[level],
                         .upcast_attention = c.upcast_attention,
                         .use_linear_projection = c.use_linear_projection,
                         .norm_groups = c.norm_num_groups};
  return options;
}

void UNet2DConditionModel::BuildMid(const Weights& w) {
  if (config_.mid_block_type == Config::MidBlockType::kNone) return;
  const bool cross = config_.mid_block_type == Config::MidBlockType::kCrossAttention;
  const size_t last = config_.block_out_channels.size() - 1;
  BlockOptions options = LayerOptions(last, cross, config_.transformer_layers[last]);
  options.resnet.output_scale = config_.mid_block_scale_factor;
  options.transformer.only_cross_attention = false;
  mid_block_.emplace(w.Sub("mid_block"), config_.block_out_channels[last], options, cross ? 1 : 0, &*time_);
}

std::map<std::string, ConditioningInput> UNet2DConditionModel::conditioning(at::IntArrayRef latent) const {
  auto inputs = UNet::conditioning(latent);
  if (config_.text_time) {
    inputs["text_embeds"] = {.row = {pooled_width()}};
    inputs["time_ids"] = {.row = {kTimeIds}};  // original size, crop, target size
  }
  return inputs;
}

at::Tensor UNet2DConditionModel::EmbedTextTime(const NetworkInputs& inputs) const {
  const at::Tensor& text = Require(inputs, "text_embeds", {pooled_width()});
  const at::Tensor ids =
      add_time_proj_.Forward(Require(inputs, "time_ids", {kTimeIds}).flatten()).reshape({text.size(0), -1});
  return add_embedding_->Forward(at::cat({text.to(dtype()), ids.to(dtype())}, -1));
}

at::Tensor UNet2DConditionModel::EmbedTime(const NetworkInputs& inputs) const {
  at::Tensor emb = UNet::EmbedTime(inputs);
  if (config_.text_time) {
    const at::Tensor added = EmbedTextTime(inputs);
    Observe(inputs, "add_embedding", added);
    emb = emb + added;
  }
  return config_.time_embedding_silu ? at::silu(emb) : emb;
}

}  // namespace skipbench
