// DiTTransformer2DModel: the class-conditional network of DiT (Peebles & Xie 2023, "Scalable Diffusion Models with
// Transformers"): patches of the latent as tokens, blocks whose norms are shifted, scaled and gated by timestep and
// class.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
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

namespace skipbench {

// One block (adaLN-Zero). With the vector e = timestep embedding + class embedding, of which every block has its own:
//   s1, c1, g1, s2, c2, g2 = linear(silu(e));  x += g1 attn1(norm(x) (1 + c1) + s1);  x += g2 ff(norm(x) (1 + c2) + s2)
class DiTBlock {
 public:
  struct Options {
    int64_t heads = 16, dim_head = 72, classes = 1000;
    double norm_eps = 1e-5;  // of the second norm; the first has 1e-6
    bool attention_bias = true, upcast_attention = false;
  };
  DiTBlock(const Weights& w, const Options& options);
  at::Tensor Embed(const at::Tensor& sinusoids,
                   const at::Tensor& classes) const;  // [1 or B, 256], int64 [B] -> e [B, dim]
  ModulatedInput Start(const TransformerState& state) const;
  void Run(TransformerState* state) const;  // changes its tokens

 private:
  std::vector<at::Tensor> Modulate(const TransformerState& state) const;
  at::Tensor Norm1(const at::Tensor& x, const std::vector<at::Tensor>& parts) const;

  std::string name_;
  double norm_eps_;
  TimestepEmbedding timestep_embedder_;
  Embedding class_embedder_;  // its last row is "no class"
  Modulation modulation_;
  Attention attn1_;
  Mlp ff_;
};

class DiTTransformer2DModel : public Transformer {
 public:
  // diffusers' config.json; defaults are diffusers'.
  struct Config {
    int64_t sample_size = 32;
    int64_t patch_size = 2;
    int64_t in_channels = 4;
    int64_t out_channels = 4;  // default: in_channels; twice as many with a learned variance
    int64_t num_layers = 28;
    DiTBlock::Options block;
  };
  // Published folders of DiT still name the class that it was part of.
  static constexpr const char* kClassNames[] = {"DiTTransformer2DModel", "Transformer2DModel"};
  // Throws Error for impossible values, UnsupportedError for options that are not implemented; both name file, key and
  // value.
  static Config ParseConfig(const JsonReader& json);

  DiTTransformer2DModel(const Config& config, const Weights& w);
  // class_labels: below num_embeds_ada_norm, or that number for "no class".
  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;
  const Config& config() const { return config_; }

 protected:
  void EmbedTime(const NetworkInputs& inputs, TransformerState* state) const override;
  void Enter(const NetworkInputs& inputs, TransformerState* state) const override;
  ModulatedInput Start(const TransformerState& state) const override { return blocks_[0].Start(state); }
  void RunBlock(int block, TransformerState* state) const override;
  at::Tensor Head(const NetworkInputs& inputs, const TransformerState& state) const override;

 private:
  int64_t width() const { return config_.block.heads * config_.block.dim_head; }

  Config config_;
  PatchEmbedding patches_;
  std::vector<DiTBlock> blocks_;
  Modulation proj_out_1_;
  Linear proj_out_2_;
};

}  // namespace skipbench
