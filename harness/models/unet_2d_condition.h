// UNet2DConditionModel: the network of Stable Diffusion 1 and 2, SDXL and LDM-4.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/models/unet.h"
#include "harness/models/unet_2d_condition_config.h"

namespace skipbench {

class UNet2DConditionModel : public UNet {
 public:
  using Config = UNet2DConditionConfig;
  static constexpr const char* kClassNames[] = {"UNet2DConditionModel"};
  static Config ParseConfig(const JsonReader& json) { return ParseUNet2DConditionConfig(json); }

  UNet2DConditionModel(const Config& config, const Weights& w);
  const Config& config() const { return config_; }

  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;

 private:
  at::Tensor EmbedTime(const NetworkInputs& inputs) const override;
  bool TimeIsShared() const override;
  at::Tensor EmbedClass(const NetworkInputs& inputs, const at::Tensor& like) const;
  at::Tensor EmbedTextTime(const NetworkInputs& inputs, const at::Tensor& like) const;
  int64_t time_embedding_dim() const {
    return config_.time_embedding_dim > 0 ? config_.time_embedding_dim : 4 * config_.block_out_channels[0];
  }
  // Width of the pooled text embedding that goes in beside the six time ids (text_time).
  int64_t pooled_width() const {
    return config_.projection_class_embeddings_input_dim - 6 * config_.addition_time_embed_dim;
  }
  void BuildEmbeddings(const Weights& w);
  BlockOptions LayerOptions(size_t level, bool cross_attention, const std::vector<int64_t>& transformer_layers) const;
  void BuildMid(const Weights& w);

  Config config_;
  Timesteps time_proj_, add_time_proj_;
  std::optional<TimestepEmbedding> time_embedding_, add_embedding_, class_timestep_embedding_;
  std::optional<Embedding> class_table_;
  std::optional<Linear> class_linear_;
};

}  // namespace skipbench
