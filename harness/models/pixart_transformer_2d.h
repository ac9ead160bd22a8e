// PixArtTransformer2DModel: the network of PixArt-alpha (Chen et al. 2023): DiT with cross-attention to a text, whose
// blocks share one projection of the timestep, each with a table of its own (adaLN-single).
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/transformer.h"
#include "harness/nn/layers/attention.h"
#include "harness/nn/layers/embedding.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/mlp.h"
#include "harness/nn/layers/modulation.h"
#include "harness/nn/layers/patches.h"
#include "harness/nn/layers/stream_attention.h"

namespace skipbench {

// x += g1 attn1(norm1(x) (1 + c1) + s1);  x += attn2(x, text);  x += g2 ff(norm2(x) (1 + c2) + s2), where s1, c1, g1,
// s2, c2, g2 = scale_shift_table + the projected timestep.
class PixArtBlock {
 public:
  struct Options {
    int64_t heads = 16, dim_head = 72;
    double norm_eps = 1e-6;
    bool upcast_attention = false;  // of attn1
  };
  PixArtBlock(const Weights& w, const Options& options);
  ModulatedInput Start(const TransformerState& state) const;
  void Run(TransformerState* state) const;  // changes its tokens

 private:
  at::Tensor Norm1(const at::Tensor& x, const std::vector<at::Tensor>& parts) const;

  std::string name_;
  double eps_;
  ModulationTable table_;
  Attention attn1_;
  StreamCrossAttention attn2_;
  Mlp ff_;
};

class PixArtTransformer2DModel : public Transformer {
 public:
  // diffusers' config.json; defaults are diffusers'.
  struct Config {
    int64_t sample_size = 128;
    int64_t patch_size = 2;
    int64_t in_channels = 4;
    int64_t out_channels = 8;  // twice as many as in_channels with a learned variance
    int64_t num_layers = 28;
    double interpolation_scale = 2;           // default: sample_size / 64, at least 1
    bool use_additional_conditions = true;    // resolution and aspect ratio; default: of sample_size 128
    std::optional<int64_t> caption_channels;  // width of the text; nothing: the blocks' width, not projected
    PixArtBlock::Options block;
    int64_t width() const { return block.heads * block.dim_head; }
  };
  // Published folders still name the class that it was part of; norm_type says which of them it is.
  static constexpr const char* kClassNames[] = {"PixArtTransformer2DModel", "Transformer2DModel"};
  // Throws Error for impossible values, UnsupportedError for options that are not implemented; both name file, key and
  // value.
  static Config ParseConfig(const JsonReader& json);

  PixArtTransformer2DModel(const Config& config, const Weights& w);
  // encoder_hidden_states [any, caption_channels]; encoder_attention_mask [any], 1 = the token counts; with additional
  // conditions resolution [2] (height and width in pixels) and aspect_ratio [1] (height / width).
  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;
  const Config& config() const { return config_; }

 protected:
  void EmbedTime(const NetworkInputs& inputs, TransformerState* state) const override;
  void Enter(const NetworkInputs& inputs, TransformerState* state) const override;
  ModulatedInput Start(const TransformerState& state) const override { return blocks_[0].Start(state); }
  void RunBlock(int block, TransformerState* state) const override;
  at::Tensor Head(const NetworkInputs& inputs, const TransformerState& state) const override;

 private:
  at::Tensor TimeEmbedding(const NetworkInputs& inputs) const;  // [1 or B, width]

  Config config_;
  PatchEmbedding patches_;
  TimestepEmbedding timestep_embedder_;
  std::optional<TimestepEmbedding> resolution_embedder_, aspect_ratio_embedder_;
  Linear time_projection_;
  std::optional<Mlp> caption_projection_;
  std::vector<PixArtBlock> blocks_;
  ModulationTable head_table_;
  Linear proj_out_;
};

}  // namespace skipbench
