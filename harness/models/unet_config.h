// config.json of the denoising U-Nets, as far as several of their classes have it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

// How a class label enters the time embedding (class_embed_type).
enum class ClassEmbedding { kNone, kTable, kTimestep, kIdentity, kProjection, kSimpleProjection };

// Keys and defaults are diffusers'; what a class does not have stays at its default.
struct UNetConfig {
  int64_t sample_size = 0;  // 0: not said
  int64_t in_channels = 4;  // of the sample
  int64_t out_channels = 4;
  std::vector<int64_t> block_out_channels = {320, 640, 1280, 1280};
  std::vector<int64_t> layers_per_block;  // of each level
  std::vector<bool> down_attention;       // of each block, in its own direction: whether its layers have attention
  std::vector<bool> up_attention;
  int64_t downsample_padding = 1;
  double mid_block_scale_factor = 1;
  int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  bool center_input_sample = false;
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  int64_t time_embedding_dim = 0;  // 0: 4 * block_out_channels[0]
  bool time_scale_shift = false;   // resnet_time_scale_shift "scale_shift"
  ClassEmbedding class_embedding = ClassEmbedding::kNone;
  int64_t num_class_embeds = 0;
  int64_t projection_class_embeddings_input_dim = 0;
  bool class_embeddings_concat = false;

  int64_t time_width() const { return time_embedding_dim > 0 ? time_embedding_dim : 4 * block_out_channels[0]; }
};

// All of these throw Error for impossible values and UnsupportedError for options of diffusers that are not
// implemented; both name file, key and value.

// Reads sizes, groups and block types: DownBlock + `dim` or `attention` + DownBlock + `dim`, and the same going up. By
// default all but the down block `plain`, and the up block that mirrors it, have attention.
void ParseUNetBlocks(const JsonReader& json, const std::string& attention, const std::string& dim, size_t plain,
                     UNetConfig* config);
// Reads what UNet2DModel and UNet2DConditionModel share beside that. `class_embed_types`: those that the class knows.
void ParseUNet2D(const JsonReader& json, const std::vector<std::string>& class_embed_types, UNetConfig* config);

}  // namespace skipbench
