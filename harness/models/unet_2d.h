// UNet2DModel: the unconditional network of DDPM (CIFAR10, LSUN), with self-attention at single levels.
#pragma once

#include <optional>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/unet.h"

namespace skipbench {

class UNet2DModel : public UNet {
 public:
  // diffusers' config.json; defaults are diffusers'.
  struct Config {
    int64_t sample_size = 0;
    int64_t in_channels = 3;
    int64_t out_channels = 3;
    bool center_input_sample = false;
    bool flip_sin_to_cos = true;
    double freq_shift = 0;
    int64_t time_embedding_dim = 0;    // 0: 4 * block_out_channels[0]
    std::vector<bool> down_attention;  // AttnDownBlock2D, else DownBlock2D
    std::vector<bool> up_attention;
    bool has_mid_block = true;
    std::vector<int64_t> block_out_channels = {224, 448, 672, 896};
    int64_t layers_per_block = 2;
    double mid_block_scale_factor = 1;
    int64_t downsample_padding = 1;
    std::optional<int64_t> attention_head_dim = 8;  // channels of one head; null: all of them, one head
    int64_t norm_num_groups = 32;
    int64_t attn_norm_num_groups = 0;  // of the mid block's attention; 0: norm_num_groups
    double norm_eps = 1e-5;
    bool time_scale_shift = false;
    bool add_attention = true;  // in the mid block
    enum class ClassEmbedding { kNone, kTable, kTimestep, kIdentity };
    ClassEmbedding class_embedding = ClassEmbedding::kNone;
    int64_t num_class_embeds = 0;
  };
  static constexpr const char* kClassNames[] = {"UNet2DModel"};
  static Config ParseConfig(const JsonReader& json);  // errors as UNet2DConditionModel::ParseConfig

  UNet2DModel(const Config& config, const Weights& w);
  const Config& config() const { return config_; }

  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;

 private:
  at::Tensor EmbedTime(const NetworkInputs& inputs) const override;
  bool TimeIsShared() const override { return config_.class_embedding == Config::ClassEmbedding::kNone; }
  void CheckSize(int64_t height, int64_t width) const override;
  BlockOptions LayerOptions(int64_t channels, bool attention) const;
  int64_t time_embedding_dim() const {
    return config_.time_embedding_dim > 0 ? config_.time_embedding_dim : 4 * config_.block_out_channels[0];
  }
  void BuildMid(const Weights& w);

  Config config_;
  Timesteps time_proj_;
  std::optional<TimestepEmbedding> time_embedding_, class_timestep_embedding_;
  std::optional<Embedding> class_table_;
};

}  // namespace skipbench
