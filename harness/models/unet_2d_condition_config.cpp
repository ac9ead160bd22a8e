#include "harness/models/unet_2d_condition_config.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/models/config.h"
#include "harness/models/unet_2d_condition.h"

namespace skipbench {

namespace {

using Config = UNet2DConditionConfig;

// transformer_layers_per_block: a number, one for each level, or for each level a list with one for each layer.
std::vector<std::vector<int64_t>> TransformerLayers(const JsonReader& json, const std::string& key,
                                                    const std::vector<int64_t>& layers) {
  const Json* value = json.Find(key);
  std::vector<std::vector<int64_t>> result;
  for (int64_t count : layers) result.emplace_back(count, 1);
  if (!value || value->is_null()) return result;
  if (!value->is_array()) {
    const int64_t all = json.Int(key, 1, kMaxLayers);
    for (auto& level : result) std::fill(level.begin(), level.end(), all);
    return result;
  }
  if (value->size() != layers.size())
    json.FailAt(key,
                fmt::format("expected one entry for each of the {} levels, found {}", layers.size(), Describe(*value)));
  const auto checked = [&](const Json& number) {
    if (!number.is_number_integer() || number.get<int64_t>() < 1 || number.get<int64_t>() > kMaxLayers)
      json.FailAt(key, fmt::format("expected integers in [1, {}], found {}", kMaxLayers, Describe(number)));
    return number.get<int64_t>();
  };
  for (size_t i = 0; i < layers.size(); ++i) {
    const Json& entry = (*value)[i];
    if (!entry.is_array()) {
      std::fill(result[i].begin(), result[i].end(), checked(entry));
      continue;
    }
    if (static_cast<int64_t>(entry.size()) < layers[i])
      json.FailAt(key, fmt::format("entry {}: expected one number for each of {} layers, found {}", i, layers[i],
                                   Describe(entry)));
    for (int64_t layer = 0; layer < layers[i]; ++layer) result[i][layer] = checked(entry[layer]);
  }
  return result;
}

Config::ClassEmbedding ParseClassEmbedding(const JsonReader& json, Config& config) {
  config.num_class_embeds = json.IntOr("num_class_embeds", 0, 1, int64_t{1} << 24);
  config.projection_class_embeddings_input_dim =
      json.IntOr("projection_class_embeddings_input_dim", 0, 1, kMaxChannels);
  config.class_embeddings_concat = json.BoolOr("class_embeddings_concat", false);
  using Type = Config::ClassEmbedding;
  if (!json.Has("class_embed_type")) return config.num_class_embeds > 0 ? Type::kTable : Type::kNone;
  const std::string type =
      json.OneOf("class_embed_type", "", {"timestep", "identity", "projection", "simple_projection"});
  if (type == "timestep") return Type::kTimestep;
  if (type == "identity") return Type::kIdentity;
  if (config.projection_class_embeddings_input_dim == 0)
    json.FailAt("projection_class_embeddings_input_dim", fmt::format("class_embed_type \"{}\" needs it", type));
  return type == "projection" ? Type::kProjection : Type::kSimpleProjection;
}

void ParseTextTime(const JsonReader& json, Config& config) {
  Only(json, "addition_embed_type", {"text_time"});
  config.text_time = json.Has("addition_embed_type");
  config.addition_time_embed_dim = json.IntOr("addition_time_embed_dim", 0, 1, kMaxChannels);
  if (!config.text_time) return;
  if (config.addition_time_embed_dim == 0)
    json.FailAt("addition_time_embed_dim", "addition_embed_type \"text_time\" needs it");
  if (config.projection_class_embeddings_input_dim == 0)
    json.FailAt("projection_class_embeddings_input_dim", "addition_embed_type \"text_time\" needs it");
}

void RefuseUnsupported(const JsonReader& json) {
  Only(json, "act_fn", {"silu", "swish"});
  Only(json, "dual_cross_attention", {false});
  Only(json, "encoder_hid_dim", {});
  Only(json, "encoder_hid_dim_type", {});
  Only(json, "time_embedding_type", {"positional"});
  Only(json, "time_embedding_act_fn", {"silu", "swish"});
  Only(json, "timestep_post_act", {});
  Only(json, "time_cond_proj_dim", {});
  Only(json, "attention_type", {"default"});
  Only(json, "resnet_time_scale_shift", {"default", "scale_shift"});
  if (json.Has("num_attention_heads"))
    FailUnsupportedValue(json, "num_attention_heads",
                         "null: diffusers refuses it, too; the heads are in attention_head_dim");
  const Json* groups = json.Find("norm_num_groups");
  if (groups && groups->is_null()) FailUnsupportedValue(json, "norm_num_groups", "a number");
}

void CheckSizes(const JsonReader& json, const Config& config) {
  for (size_t i = 0; i < config.block_out_channels.size(); ++i) {
    if (config.block_out_channels[i] % config.norm_num_groups != 0)
      json.FailAt("block_out_channels", fmt::format("{} channels cannot be split into norm_num_groups {} groups",
                                                    config.block_out_channels[i], config.norm_num_groups));
    if (config.heads[i] > config.block_out_channels[i])
      json.FailAt("attention_head_dim",
                  fmt::format("{} heads in {} channels", config.heads[i], config.block_out_channels[i]));
  }
  if (config.conv_in_kernel % 2 == 0) json.FailAt("conv_in_kernel", "expected an odd number");
  if (config.conv_out_kernel % 2 == 0) json.FailAt("conv_out_kernel", "expected an odd number");
  if (config.text_time && config.projection_class_embeddings_input_dim <= 6 * config.addition_time_embed_dim)
    json.FailAt("projection_class_embeddings_input_dim",
                fmt::format("{} leaves no room for the pooled text beside 6 time ids of {}",
                            config.projection_class_embeddings_input_dim, config.addition_time_embed_dim));
}

}  // namespace

UNet2DConditionConfig ParseUNet2DConditionConfig(const JsonReader& json) {
  CheckClassName<UNet2DConditionModel>(json);
  RefuseUnsupported(json);
  Config c;
  c.sample_size = SampleSize(json);
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = json.IntOr("out_channels", c.out_channels, 1, kMaxChannels);
  c.center_input_sample = json.BoolOr("center_input_sample", false);
  c.flip_sin_to_cos = json.BoolOr("flip_sin_to_cos", true);
  c.freq_shift = json.DoubleOr("freq_shift", 0);
  c.block_out_channels = IntList(json, "block_out_channels", c.block_out_channels, 1, kMaxChannels);
  const int64_t levels = static_cast<int64_t>(c.block_out_channels.size());
  c.down_cross_attention = BlockTypes(
      json, "down_block_types", {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"},
      "DownBlock2D", "CrossAttnDownBlock2D", levels);
  c.up_cross_attention = BlockTypes(json, "up_block_types",
                                    {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"},
                                    "UpBlock2D", "CrossAttnUpBlock2D", levels);
  Only(json, "mid_block_type", {"UNetMidBlock2DCrossAttn", "UNetMidBlock2D"});
  if (const Json* mid = json.Find("mid_block_type"))
    c.mid_block_type = mid->is_null()             ? Config::MidBlockType::kNone
                       : *mid == "UNetMidBlock2D" ? Config::MidBlockType::kResnet
                                                  : Config::MidBlockType::kCrossAttention;
  c.only_cross_attention = BoolPerLevel(json, "only_cross_attention", false, levels);
  c.layers_per_block = PerLevel(json, "layers_per_block", 2, levels, 1, kMaxLayers);
  c.downsample_padding = json.IntOr("downsample_padding", 1, 0, 1);
  c.mid_block_scale_factor = json.DoubleOr("mid_block_scale_factor", 1, 1e-6, 1e6);
  c.norm_num_groups = json.IntOr("norm_num_groups", 32, 1, kMaxChannels);
  c.norm_eps = json.DoubleOr("norm_eps", 1e-5, 0, 1);
  c.cross_attention_dim = PerLevel(json, "cross_attention_dim", 1280, levels, 1, kMaxChannels);
  c.transformer_layers = TransformerLayers(json, "transformer_layers_per_block", c.layers_per_block);
  std::vector<int64_t> up_layers;
  for (int64_t i = levels - 1; i >= 0; --i) up_layers.push_back(c.layers_per_block[i] + 1);
  if (json.Has("reverse_transformer_layers_per_block")) {
    c.up_transformer_layers = TransformerLayers(json, "reverse_transformer_layers_per_block", up_layers);
  } else {
    for (int64_t i = 0; i < levels; ++i) {
      const std::vector<int64_t>& down = c.transformer_layers[levels - 1 - i];
      if (std::adjacent_find(down.begin(), down.end(), std::not_equal_to<>()) != down.end())
        json.FailAt("reverse_transformer_layers_per_block",
                    "is needed when transformer_layers_per_block has lists in it");
      c.up_transformer_layers.emplace_back(up_layers[i], down[0]);
    }
  }
  c.heads = PerLevel(json, "attention_head_dim", 8, levels, 1, kMaxChannels);
  c.use_linear_projection = json.BoolOr("use_linear_projection", false);
  c.upcast_attention = json.BoolOr("upcast_attention", false);
  c.time_scale_shift = json.StringOr("resnet_time_scale_shift", "default") == "scale_shift";
  c.time_embedding_dim = json.IntOr("time_embedding_dim", 0, 1, kMaxChannels);
  c.time_embedding_silu = json.Has("time_embedding_act_fn");
  c.conv_in_kernel = json.IntOr("conv_in_kernel", 3, 1, 31);
  c.conv_out_kernel = json.IntOr("conv_out_kernel", 3, 1, 31);
  c.class_embedding = ParseClassEmbedding(json, c);
  ParseTextTime(json, c);
  CheckSizes(json, c);
  // Without effect on inference, or, as in diffusers, on the block types supported here.
  IgnoreTheRest(json, {"dropout", "mid_block_only_cross_attention", "cross_attention_norm",
                       "addition_embed_type_num_heads", "resnet_skip_time_act", "resnet_out_scale_factor"});
  return c;
}

}  // namespace skipbench
