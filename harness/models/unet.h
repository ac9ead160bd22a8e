// What all denoising U-Nets share: the walk down, through the middle and up again, and DeepCache's shallow forward.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/models/unet_blocks.h"
#include "harness/nn/conditioning_cache.h"
#include "harness/nn/conv2d.h"
#include "harness/nn/embedding.h"
#include "harness/nn/norm.h"

namespace skipbench {

// One batch for a network. Tensors on the network's device; `sample` and the conditioning may have another floating-point
// dtype, they are converted to the network's.
struct UNetInputs {
  at::Tensor sample;                       // [B, C, H, W]; video networks: [B, C, F, H, W]
  double timestep = 0;                     // of the whole batch, as the scheduler gives it (may be fractional)
  at::Tensor timesteps;                    // [B] instead, where the rows differ; usually undefined
  at::Tensor encoder_hidden_states;        // [B, L, D]; undefined for networks without cross-attention
  at::Tensor class_labels;                 // [B]: networks with a class embedding (int64 for a table)
  at::Tensor text_embeds;                  // [B, P] pooled text embedding: SDXL ("text_time")
  at::Tensor time_ids;                     // [B, 6] original size, crop, target size: SDXL

  // I2VGenXLUNet, see there: the start image, and frames per second [B].
  at::Tensor image_latents;                // [B, C, F, H, W]
  at::Tensor image_embeddings;             // [B, D]
  at::Tensor encoded_image_latents;        // instead of both, what the network makes of the first: [B, C, F, H, W]
  at::Tensor fps;

  // Optional: what depends on the conditioning or the timestep alone is computed once for `cache`. The conditioning
  // tokens are then cache->tokens() [R, L, D] and encoder_hidden_states stays undefined; `rows` (int64 [B]) says which
  // row of them belongs to each row of the batch (undefined: row b to b).
  ConditioningCache* cache = nullptr;
  at::Tensor rows;

  // Optional, for tests and for looking inside: called with diffusers' name of a block ("conv_in", "time_embedding",
  // "down_blocks.0", "mid_block", "conv_norm_out" before the activation, ...) and its output. What depends on the
  // timestep alone has one row.
  std::function<void(const std::string& block, const at::Tensor& output)> observe;
};

struct UNetOutput {
  at::Tensor sample;                       // shape of the input's sample
  // branch -> hidden state [B, C', H', W'] ([B, F, C', H', W']) entering the layer that consumes S_b.
  std::map<int, at::Tensor> features;
};

// Number the skip tensors S_0 = conv_in's output, then per down block the output of each layer and of the down-sampler.
// Of the video networks S_0 is the output of transformer_in, and a layer is all four parts of it.
// DeepCache's branch b (as in its pip helper) caches one tensor: the hidden state entering the decoder layer that consumes
// S_b, before concatenation. A shallow forward recomputes the time embedding, S_0..S_b, that layer and all after it
// (Ma et al. 2024, "DeepCache: Accelerating Diffusion Models for Free").
//
// In half precision these places stay float32: the sinusoidal embedding of the timestep, the statistics of all norms, the
// scores and the softmax of attention.
//
// Meta tensors in (on a network built from Weights::ShapesOnly()) count multiply-accumulates, see harness/nn/macs.h.
class UNet {
 public:
  virtual ~UNet() = default;
  UNet(const UNet&) = delete;
  UNet& operator=(const UNet&) = delete;

  UNetOutput Forward(const UNetInputs& inputs, const std::vector<int>& keep_branches = {}) const;
  // `features`: what a full forward kept for `branch`, one row for each row of the batch.
  at::Tensor ForwardShallow(const UNetInputs& inputs, int branch, const at::Tensor& features) const;

  int branches() const { return branches_; }                     // valid branches are 0 .. branches() - 1
  // The branch that DeepCache's helper calls layer `layer` of down block `block`. (The helper itself writes 3 * block +
  // layer, which is the same number for networks with two layers in each block.)
  int BranchOf(int block, int layer) const;
  virtual int64_t in_channels() const { return conv_in_->options().in_channels; }      // of the sample
  int64_t out_channels() const { return conv_out_->options().out_channels; }
  // Height and width the network was trained on, in the units of its input; 0 if its config does not say.
  int64_t sample_size() const { return sample_size_; }
  bool has_cross_attention() const { return cross_attention_dim_ > 0; }
  int64_t cross_attention_dim() const { return cross_attention_dim_; }   // width of the conditioning tokens; 0: none
  at::ScalarType dtype() const { return dtype_; }
  bool is_video() const { return transformer_in_.has_value(); }          // samples have frames

 protected:
  UNet() = default;

  // The inputs with everything filled in that the network makes of its conditioning itself.
  virtual UNetInputs Complete(const UNetInputs& inputs) const { return inputs; }
  // What conv_in takes: by default the (folded) sample in the network's dtype, `sample`.
  virtual at::Tensor ConvInInput(const UNetInputs& inputs, const at::Tensor& sample) const { return sample; }

  // The time embedding with everything that is added to it, [1 or B, D].
  virtual at::Tensor EmbedTime(const UNetInputs& inputs) const = 0;
  // True if it is a function of the timestep alone and so has one row for the whole batch.
  virtual bool TimeIsShared() const = 0;
  // Throws Error if the network cannot take a sample of this size.
  virtual void CheckSize(int64_t height, int64_t width) const {}

  // The timestep, [1] where the rows share it. On the meta device always [B]: the reference networks embed the timestep
  // once per sample, and are counted so.
  at::Tensor TimestepRows(const UNetInputs& inputs) const;
  static void Observe(const UNetInputs& inputs, const char* block, const at::Tensor& output);

  // Called by the derived constructors when all parts are there.
  void FinishConstruction(const Weights& w);

  bool center_input_sample_ = false;
  int64_t sample_size_ = 0;
  int64_t cross_attention_dim_ = 0;
  std::optional<Conv2d> conv_in_, conv_out_;
  std::optional<TransformerTemporalModel> transformer_in_;     // video only
  std::optional<GroupNorm> conv_norm_out_;
  std::optional<TimeProjections> time_;
  std::vector<DownBlock> down_blocks_;
  std::optional<MidBlock> mid_block_;
  std::vector<UpBlock> up_blocks_;

 private:
  // The input in the network's dtype and memory format, checked; frames folded into the batch.
  at::Tensor Prepare(const UNetInputs& inputs) const;
  int64_t FramesOf(const UNetInputs& inputs) const { return is_video() ? inputs.sample.size(2) : 1; }
  BlockContext MakeContext(const UNetInputs& inputs) const;
  // S_0 .. S_last of a prepared sample.
  std::vector<at::Tensor> Encode(const UNetInputs& inputs, const at::Tensor& sample, const BlockContext& context, int last) const;
  // [B * F, ...] -> [B, F, ...] for video.
  at::Tensor UnfoldFeatures(const at::Tensor& features, const BlockContext& context) const;
  // From the decoder layer that consumes `skips.back()` to the output; `features` collects what enters the layers of
  // `keep_branches`.
  at::Tensor Decode(const UNetInputs& inputs, const BlockContext& context, at::Tensor x, std::vector<at::Tensor> skips,
                    const std::vector<int>& keep_branches, std::map<int, at::Tensor>* features) const;

  int branches_ = 0;
  at::ScalarType dtype_ = at::kFloat;
};

}  // namespace skipbench
