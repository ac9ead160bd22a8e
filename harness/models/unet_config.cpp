#include "harness/models/unet_config.h"

#include "harness/models/config.h"

namespace skipbench {

void ParseUNetBlocks(const JsonReader& json, const std::string& attention, const std::string& dim, size_t plain,
                     UNetConfig* config) {
  UNetConfig& c = *config;
  c.sample_size = SampleSize(json);
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = json.IntOr("out_channels", c.out_channels, 1, kMaxChannels);
  c.block_out_channels = IntList(json, "block_out_channels", c.block_out_channels, 1, kMaxChannels);
  const auto attentions = [&](const std::string& key, const std::string& block, size_t plain_block) {
    std::vector<std::string> fallback(4, attention + block);
    fallback[plain_block] = block;
    return BlockTypes(json, key, fallback, block, attention + block, c.block_out_channels.size());
  };
  c.down_attention = attentions("down_block_types", "DownBlock" + dim, plain);
  c.up_attention = attentions("up_block_types", "UpBlock" + dim, 3 - plain);
  const Json* groups = json.Find("norm_num_groups");
  if (groups && groups->is_null()) FailUnsupportedValue(json, "norm_num_groups", "a number");
  c.norm_num_groups = json.IntOr("norm_num_groups", c.norm_num_groups, 1, kMaxChannels);
  CheckGroups(json, c.block_out_channels, c.norm_num_groups);
}

void ParseUNet2D(const JsonReader& json, const std::vector<std::string>& class_embed_types, UNetConfig* config) {
  Only(json, "act_fn", {"silu", "swish"});
  Only(json, "time_embedding_type", {"positional"});
  Only(json, "resnet_time_scale_shift", {"default", "scale_shift"});
  UNetConfig& c = *config;
  c.center_input_sample = json.BoolOr("center_input_sample", false);
  c.flip_sin_to_cos = json.BoolOr("flip_sin_to_cos", true);
  c.freq_shift = json.DoubleOr("freq_shift", 0);
  c.time_embedding_dim = json.IntOr("time_embedding_dim", 0, 1, kMaxChannels);
  c.time_scale_shift = json.StringOr("resnet_time_scale_shift", "default") == "scale_shift";
  c.downsample_padding = json.IntOr("downsample_padding", 1, 0, 1);
  c.mid_block_scale_factor = json.DoubleOr("mid_block_scale_factor", 1, 1e-6, 1e6);
  c.norm_eps = json.DoubleOr("norm_eps", 1e-5, 0, 1);
  c.num_class_embeds = json.IntOr("num_class_embeds", 0, 1, int64_t{1} << 24);
  if (!json.Has("class_embed_type")) {
    c.class_embedding = c.num_class_embeds > 0 ? ClassEmbedding::kTable : ClassEmbedding::kNone;
    return;
  }
  const std::string type = json.OneOf("class_embed_type", "", class_embed_types);
  c.class_embedding = type == "timestep"     ? ClassEmbedding::kTimestep
                      : type == "identity"   ? ClassEmbedding::kIdentity
                      : type == "projection" ? ClassEmbedding::kProjection
                                             : ClassEmbedding::kSimpleProjection;
  if (type.ends_with("projection") && c.projection_class_embeddings_input_dim == 0)
    json.FailAt("projection_class_embeddings_input_dim", fmt::format("class_embed_type \"{}\" needs it", type));
}

}  // namespace skipbench
