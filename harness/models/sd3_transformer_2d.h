// SD3Transformer2DModel: the network of Stable Diffusion 3 and 3.5 (Esser et al. 2024, MMDiT).
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/transformer.h"
#include "harness/nn/layers/joint_block.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/patches.h"
#include "harness/nn/layers/time_text_embedding.h"

namespace skipbench {

class SD3Transformer2DModel : public Transformer {
 public:
  // diffusers' config.json; defaults are diffusers'.
  struct Config {
    int64_t sample_size = 128;
    int64_t patch_size = 2;
    int64_t in_channels = 16, out_channels = 16;
    int64_t num_layers = 18;
    int64_t joint_attention_dim = 4096;    // width of the text
    int64_t pooled_projection_dim = 2048;  // of the pooled text
    int64_t pos_embed_max_size = 96;       // patches a side of the stored table of positions
    std::set<int64_t> dual_attention_layers;
    StreamOptions attention = {.heads = 18, .dim_head = 64};
  };
  static constexpr const char* kClassNames[] = {"SD3Transformer2DModel"};
  // Throws Error for impossible values, UnsupportedError for options that are not implemented; both name file, key and
  // value.
  static Config ParseConfig(const JsonReader& json);

  SD3Transformer2DModel(const Config& config, const Weights& w);
  // encoder_hidden_states [any, joint_attention_dim], pooled_projections [pooled_projection_dim].
  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;
  const Config& config() const { return config_; }

 protected:
  void EmbedTime(const NetworkInputs& inputs, TransformerState* state) const override;
  void Enter(const NetworkInputs& inputs, TransformerState* state) const override;
  ModulatedInput Start(const TransformerState& state) const override {
    return blocks_[0].Start(state.modulation, state.tokens);
  }
  void RunBlock(int block, TransformerState* state) const override;
  at::Tensor Head(const NetworkInputs& inputs, const TransformerState& state) const override;

 private:
  at::Tensor Positions(int64_t height, int64_t width) const;

  Config config_;
  PatchEmbedding patches_;
  at::Tensor positions_;  // [1, pos_embed_max_size^2, width]; stored with the weights, though no parameter
  TimeTextEmbedding time_text_embed_;
  Linear context_embedder_;
  std::vector<JointBlock> blocks_;
  ContinuousNorm norm_out_;
  Linear proj_out_;
};

}  // namespace skipbench
