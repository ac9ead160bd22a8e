// WanTransformer3DModel: the network of Wan 2.1, text to video (Wan Team 2025): patches of all frames as one sequence
// with rotary positions along frames, rows and columns, cross-attention to the text, adaLN-single.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/transformer.h"
#include "harness/nn/layers/embedding.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/mlp.h"
#include "harness/nn/layers/modulation.h"
#include "harness/nn/layers/norm.h"
#include "harness/nn/layers/patches.h"
#include "harness/nn/layers/stream_attention.h"

namespace skipbench {

// x += g1 attn1(norm1(x) (1 + c1) + s1);  x += attn2(norm2(x), text);  x += g2 ffn(norm3(x) (1 + c2) + s2), where s1,
// c1, g1, s2, c2, g2 = scale_shift_table + the projected timestep.
class WanBlock {
 public:
  struct Options {
    StreamOptions attention = {.heads = 40, .dim_head = 128, .norm = QueryKeyNorm::kAllHeads};  // eps: of all norms
    int64_t ffn_dim = 13824;
    bool cross_attn_norm = true;  // norm2 is there
  };
  WanBlock(const Weights& w, const Options& options);
  ModulatedInput Start(const TransformerState& state) const;
  void Run(TransformerState* state) const;  // changes its tokens

 private:
  at::Tensor Norm1(const at::Tensor& x, const std::vector<at::Tensor>& parts) const;

  std::string name_;
  double eps_;
  ModulationTable table_;
  StreamAttention attn1_;
  StreamCrossAttention attn2_;
  std::optional<LayerNorm> norm2_;
  Mlp ffn_;
};

class WanTransformer3DModel : public Transformer {
 public:
  // diffusers' config.json; defaults are diffusers' (of the 14B network).
  struct Config {
    PatchSize patch_size = {1, 2, 2};  // frames, height, width
    int64_t in_channels = 16, out_channels = 16;
    int64_t text_dim = 4096;
    int64_t freq_dim = 256;  // sinusoids of the timestep
    int64_t num_layers = 40;
    int64_t rope_max_seq_len = 1024;  // patches along an axis
    WanBlock::Options block;
  };
  static constexpr const char* kClassNames[] = {"WanTransformer3DModel"};
  // Throws Error for impossible values, UnsupportedError for options that are not implemented (those of image to
  // video); both name file, key and value.
  static Config ParseConfig(const JsonReader& json);

  WanTransformer3DModel(const Config& config, const Weights& w);
  // encoder_hidden_states [any, text_dim]; tokens of padding count, too (the pipeline makes them zeros).
  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;
  const Config& config() const { return config_; }

 protected:
  void EmbedTime(const NetworkInputs& inputs, TransformerState* state) const override;
  void Enter(const NetworkInputs& inputs, TransformerState* state) const override;
  ModulatedInput Start(const TransformerState& state) const override { return blocks_[0].Start(state); }
  void RunBlock(int block, TransformerState* state) const override;
  at::Tensor Head(const NetworkInputs& inputs, const TransformerState& state) const override;
  std::string BlockName(int block) const override;

 private:
  RotaryTable Rotary(const NetworkInputs& inputs) const;

  Config config_;
  PatchEmbedding patches_;
  TimestepEmbedding time_embedder_;
  Linear time_proj_;
  Mlp text_embedder_;
  std::vector<WanBlock> blocks_;
  ModulationTable head_table_;
  Linear proj_out_;
};

}  // namespace skipbench
