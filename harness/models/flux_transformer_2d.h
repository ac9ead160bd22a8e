// FluxTransformer2DModel: the network of FLUX.1 (Black Forest Labs 2024): blocks with a stream of image tokens and one
// of text tokens, then blocks that take both for one sequence; rotary positions along three axes.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/transformer.h"
#include "harness/nn/layers/joint_block.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/modulation.h"
#include "harness/nn/layers/stream_attention.h"
#include "harness/nn/layers/time_text_embedding.h"

namespace skipbench {

// x += gate proj_out([attn(n), gelu(proj_mlp(n))]) with n = norm(x) (1 + scale) + shift. Of its modules attn(n) is what
// is kept of the attention and gelu(proj_mlp(n)) of the feed-forward; of both together it is what proj_out makes of
// them.
class FluxSingleBlock {
 public:
  FluxSingleBlock(const Weights& w, const StreamOptions& options);
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& temb, const RotaryTable& rotary,
                     ModuleOutputs* modules) const;  // [B, T, dim]; `modules` may be null

 private:
  at::Tensor Inner(const at::Tensor& n, const RotaryTable& rotary, ModuleOutputs* modules) const;  // [B, T, 5 dim]

  std::string name_;
  int64_t dim_;
  Modulation norm_;
  StreamAttention attn_;
  Linear proj_mlp_, proj_out_;
};

// Takes latents as they are, [B, C, H, W] with even H and W: the 2x2 patches that diffusers' pipeline packs into tokens
// are packed here, and the tokens' positions are found here. The timestep is the scheduler's, 0 to 1000 (diffusers'
// pipeline divides it by 1000, its network multiplies it again).
class FluxTransformer2DModel : public Transformer {
 public:
  // diffusers' config.json; defaults are diffusers'.
  struct Config {
    int64_t in_channels = 64, out_channels = 64;  // of a packed token: four times those of a latent
    int64_t num_layers = 19, num_single_layers = 38;
    int64_t joint_attention_dim = 4096;   // width of the text
    int64_t pooled_projection_dim = 768;  // of the pooled text
    bool guidance_embeds = false;
    std::vector<int64_t> axes_dims_rope = {16, 56, 56};
    StreamOptions attention = {.heads = 24, .dim_head = 128, .norm = QueryKeyNorm::kHead};
  };
  static constexpr const char* kClassNames[] = {"FluxTransformer2DModel"};
  // Throws Error for impossible values, UnsupportedError for options that are not implemented; both name file, key and
  // value.
  static Config ParseConfig(const JsonReader& json);

  FluxTransformer2DModel(const Config& config, const Weights& w);
  // encoder_hidden_states [any, joint_attention_dim], pooled_projections [pooled_projection_dim]; with guidance_embeds
  // guidance, a number.
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
  std::string BlockName(int block) const override;

 private:
  RotaryTable Rotary(const NetworkInputs& inputs, int64_t words) const;

  Config config_;
  Linear x_embedder_;
  TimeTextEmbedding time_text_embed_;
  Linear context_embedder_;
  std::vector<JointBlock> blocks_;
  std::vector<FluxSingleBlock> single_blocks_;
  ContinuousNorm norm_out_;
  Linear proj_out_;
};

}  // namespace skipbench
