// UNet2DConditionModel: the network of Stable Diffusion 1 and 2, SDXL and LDM-4.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/unet.h"

namespace skipbench {

class UNet2DConditionModel : public UNet {
 public:
  // Attention is CrossAttnDownBlock2D's. One entry for each level where diffusers takes a number or a list.
  struct Config : UNetConfig {
    enum class MidBlockType { kNone, kResnet, kCrossAttention } mid_block_type = MidBlockType::kCrossAttention;
    std::vector<bool> only_cross_attention;
    std::vector<int64_t> cross_attention_dim;
    std::vector<std::vector<int64_t>> transformer_layers;     // [level][layer]
    std::vector<std::vector<int64_t>> up_transformer_layers;  // [up block][layer]
    // Heads for each level. The key that holds them is called attention_head_dim in every published config, for
    // historical reasons; num_attention_heads is refused by diffusers and here.
    std::vector<int64_t> heads;
    bool use_linear_projection = false;
    bool upcast_attention = false;
    bool time_embedding_silu = false;  // time_embedding_act_fn "silu"
    int64_t conv_in_kernel = 3;
    int64_t conv_out_kernel = 3;
    bool text_time = false;  // addition_embed_type "text_time" (SDXL)
    int64_t addition_time_embed_dim = 0;
  };
  static constexpr const char* kClassNames[] = {"UNet2DConditionModel"};
  static Config ParseConfig(const JsonReader& json);  // errors as ParseUNet2D

  UNet2DConditionModel(const Config& config, const Weights& w);

  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;

 private:
  at::Tensor EmbedTime(const NetworkInputs& inputs) const override;
  bool TimeIsShared() const override { return UNet::TimeIsShared() && !config_.text_time; }
  at::Tensor EmbedTextTime(const NetworkInputs& inputs) const;
  // Width of the pooled text embedding that goes in beside the six time ids (text_time).
  int64_t pooled_width() const {
    return config_.projection_class_embeddings_input_dim - 6 * config_.addition_time_embed_dim;
  }
  BlockOptions LayerOptions(size_t level, bool cross_attention, const std::vector<int64_t>& transformer_layers) const;
  void BuildMid(const Weights& w);

  Config config_;
  Timesteps add_time_proj_;
  std::optional<TimestepEmbedding> add_embedding_;
};

}  // namespace skipbench
