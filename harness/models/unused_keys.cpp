#include "harness/models/unused_keys.h"

#include <set>

namespace skipbench {

namespace {

// Of training: EMAModel.save_pretrained writes its state into the config; the others are of scripts and of loading.
const std::set<std::string>& TrainingKeys() {
  static const std::set<std::string> keys = {"decay",          "inv_gamma",
                                             "min_decay",      "optimization_step",
                                             "power",          "update_after_step",
                                             "use_ema_warmup", "gradient_checkpointing",
                                             "torch_dtype",    "dtype"};
  return keys;
}

// The options of diffusers' networks with the value at which they do nothing: one that a network does not have is off
// there.
const Json& OffValues() {
  static const Json values = {{"add_attention", true},
                              {"attention_type", "default"},
                              {"center_input_sample", false},
                              {"class_embeddings_concat", false},
                              {"conv_in_kernel", 3},
                              {"conv_out_kernel", 3},
                              {"downsample_type", "conv"},
                              {"dropout", 0.0},
                              {"dual_cross_attention", false},
                              {"lookup_from_codebook", false},
                              {"mid_block_add_attention", true},
                              {"mid_block_scale_factor", 1},
                              {"norm_type", "group"},
                              {"only_cross_attention", false},
                              {"resnet_out_scale_factor", 1.0},
                              {"resnet_skip_time_act", false},
                              {"resnet_time_scale_shift", "default"},
                              {"time_embedding_type", "positional"},
                              {"transformer_layers_per_block", 1},
                              {"upcast_attention", false},
                              {"upsample_type", "conv"},
                              {"use_linear_projection", false},
                              {"use_post_quant_conv", true},
                              {"use_quant_conv", true}};
  return values;
}

}  // namespace

bool ChangesNothing(const std::string& key, const Json& value) {
  const auto off = OffValues().find(key);
  return key.starts_with("_") || value.is_null() || TrainingKeys().contains(key) ||
         (off != OffValues().end() && *off == value);
}

namespace {

// Those of the networks and autoencoders that may be null.
const std::set<std::string>& NullableKeys() {
  static const std::set<std::string> keys = {"added_kv_proj_dim",
                                             "addition_embed_type",
                                             "addition_time_embed_dim",
                                             "attention_head_dim",
                                             "attn_norm_num_groups",
                                             "caption_channels",
                                             "class_embed_type",
                                             "cross_attention_dim",
                                             "cross_attention_norm",
                                             "decoder_base_dim",
                                             "dual_attention_layers",
                                             "encoder_hid_dim",
                                             "encoder_hid_dim_type",
                                             "image_dim",
                                             "interpolation_scale",
                                             "latents_mean",
                                             "latents_std",
                                             "mid_block_only_cross_attention",
                                             "mid_block_type",
                                             "num_attention_heads",
                                             "num_class_embeds",
                                             "num_train_timesteps",
                                             "num_vector_embeds",
                                             "out_channels",
                                             "patch_size",
                                             "pos_embed_seq_len",
                                             "projection_class_embeddings_input_dim",
                                             "qk_norm",
                                             "reverse_transformer_layers_per_block",
                                             "sample_size",
                                             "shift_factor",
                                             "time_cond_proj_dim",
                                             "time_embedding_act_fn",
                                             "time_embedding_dim",
                                             "timestep_post_act",
                                             "use_additional_conditions",
                                             "vq_embed_dim"};
  return keys;
}

}  // namespace

std::vector<std::string> KeysWithoutEffect(const Json& config) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : config.items())
    if (TrainingKeys().contains(key) ||
        (value.is_null() && !key.starts_with("_") && !OffValues().contains(key) && !NullableKeys().contains(key)))
      keys.push_back(key);
  return keys;
}

}  // namespace skipbench
