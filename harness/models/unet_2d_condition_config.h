// config.json of a UNet2DConditionModel.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

// diffusers' config.json; defaults are diffusers'. One entry for each level where diffusers takes a number or a list.
struct UNet2DConditionConfig {
  int64_t sample_size = 0;  // 0: not said
  int64_t in_channels = 4;
  int64_t out_channels = 4;
  bool center_input_sample = false;
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  std::vector<bool> down_cross_attention;  // CrossAttnDownBlock2D, else DownBlock2D
  std::vector<bool> up_cross_attention;
  enum class MidBlockType { kNone, kResnet, kCrossAttention } mid_block_type = MidBlockType::kCrossAttention;
  std::vector<bool> only_cross_attention;
  std::vector<int64_t> block_out_channels = {320, 640, 1280, 1280};
  std::vector<int64_t> layers_per_block;
  int64_t downsample_padding = 1;
  double mid_block_scale_factor = 1;
  int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  std::vector<int64_t> cross_attention_dim;
  std::vector<std::vector<int64_t>> transformer_layers;     // [level][layer]
  std::vector<std::vector<int64_t>> up_transformer_layers;  // [up block][layer]
  // Heads for each level. The key that holds them is called attention_head_dim in every published config, for
  // historical reasons; num_attention_heads is refused by diffusers and here.
  std::vector<int64_t> heads;
  bool use_linear_projection = false;
  bool upcast_attention = false;
  bool time_scale_shift = false;     // resnet_time_scale_shift "scale_shift"
  int64_t time_embedding_dim = 0;    // 0: 4 * block_out_channels[0]
  bool time_embedding_silu = false;  // time_embedding_act_fn "silu"
  int64_t conv_in_kernel = 3;
  int64_t conv_out_kernel = 3;
  enum class ClassEmbedding { kNone, kTable, kTimestep, kIdentity, kProjection, kSimpleProjection };
  ClassEmbedding class_embedding = ClassEmbedding::kNone;
  int64_t num_class_embeds = 0;
  int64_t projection_class_embeddings_input_dim = 0;
  bool class_embeddings_concat = false;
  bool text_time = false;  // addition_embed_type "text_time" (SDXL)
  int64_t addition_time_embed_dim = 0;
};
// Throws Error for impossible values, UnsupportedError for options of diffusers that are not implemented; both name
// file, key and value.
UNet2DConditionConfig ParseUNet2DConditionConfig(const JsonReader& json);

}  // namespace skipbench
