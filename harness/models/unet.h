// What all denoising U-Nets share: the walk down, through the middle and up again, and DeepCache's shallow forward.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/network.h"
#include "harness/models/unet_blocks.h"
#include "harness/nn/layers/conv2d.h"
#include "harness/nn/layers/embedding.h"
#include "harness/nn/layers/norm.h"

namespace skipbench {

// How a class label enters the time embedding (class_embed_type).
enum class ClassEmbedding { kNone, kTable, kTimestep, kIdentity, kProjection, kSimpleProjection };

// Keys and defaults are diffusers'; what a class does not have stays at its default.
struct UNetConfig {
  int64_t sample_size = 0;  // 0: not said
  int64_t in_channels = 4;  // of the sample
  int64_t out_channels = 4;
  std::vector<int64_t> block_out_channels = {320, 640, 1280, 1280};
  std::vector<int64_t> layers_per_block;  // of each level
  std::vector<bool> down_attention;       // of each block, in its own direction: whether its layers have attention
  std::vector<bool> up_attention;
  int64_t downsample_padding = 1;
  double mid_block_scale_factor = 1;
  int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  bool center_input_sample = false;
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  int64_t time_embedding_dim = 0;  // 0: 4 * block_out_channels[0]
  bool time_scale_shift = false;   // resnet_time_scale_shift "scale_shift"
  ClassEmbedding class_embedding = ClassEmbedding::kNone;
  int64_t num_class_embeds = 0;
  int64_t projection_class_embeddings_input_dim = 0;
  bool class_embeddings_concat = false;

  int64_t time_width() const { return time_embedding_dim > 0 ? time_embedding_dim : 4 * block_out_channels[0]; }
};

// All of these throw Error for impossible values and UnsupportedError for options of diffusers that are not
// implemented; both name file, key and value.

// Reads sizes, groups and block types: DownBlock + `dim` or `attention` + DownBlock + `dim`, and the same going up. By
// default all but the down block `plain`, and the up block that mirrors it, have attention.
void ParseUNetBlocks(const JsonReader& json, const std::string& attention, const std::string& dim, size_t plain,
                     UNetConfig* config);
// Reads what UNet2DModel and UNet2DConditionModel share beside that. `class_embed_types`: those that the class knows.
void ParseUNet2D(const JsonReader& json, const std::vector<std::string>& class_embed_types, UNetConfig* config);

// Number the skip tensors S_0 = conv_in's output, then per down block the output of each layer and of the down-sampler.
// Of the video networks S_0 is the output of transformer_in, and a layer is all four parts of it.
// DeepCache's cache position b (as in its pip helper) caches one tensor: the hidden state entering the decoder layer
// that consumes S_b, before concatenation. A shallow forward recomputes the time embedding, S_0..S_b, that layer and
// all after it (Ma et al. 2024, "DeepCache: Accelerating Diffusion Models for Free").
//
// So cache position b, CacheSite{kCut, b, 0}, computes b + 1 encoder layers in front and as many decoder layers behind.
class UNet : public Network {
 public:
  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;
  // What is kept: of a U-Net of clips [B, F, C', H', W'], else [B, C', H', W'].
  NetworkOutput Forward(const NetworkInputs& inputs, const NetworkWork& work = {}) const override;

 protected:
  explicit UNet(const UNetConfig& config) : common_(config) {}

  // The inputs with everything filled in that the network makes of its conditioning itself.
  virtual NetworkInputs Complete(const NetworkInputs& inputs) const { return inputs; }
  // What conv_in takes: by default the (folded) sample in the network's dtype, `sample`.
  virtual at::Tensor ConvInInput(const NetworkInputs& inputs, const at::Tensor& sample) const { return sample; }

  // The time embedding with everything that is added to it, [1 or B, D]: by default the class label.
  virtual at::Tensor EmbedTime(const NetworkInputs& inputs) const;
  // True if it is a function of the timestep alone and so has one row for the whole batch.
  virtual bool TimeIsShared() const { return common_.class_embedding == ClassEmbedding::kNone; }
  // Throws Error if the network cannot take a sample of this size.
  virtual void CheckSize(int64_t height, int64_t width) const {}

  // The embeddings of timestep and class label.
  void BuildTime(const Weights& w);
  // Fill down_blocks_, and up_blocks_, which have a layer more at every level. `options` says what the layers of a
  // block have in common: going down by its level, going up by its place in up_blocks_ and its level.
  void BuildDown(const Weights& w, const std::function<BlockOptions(size_t level)>& options);
  void BuildUp(const Weights& w, const std::function<BlockOptions(size_t block, size_t level)>& options);
  // What all ResNet blocks have in common.
  ResnetOptions Resnets() const;
  // The output's norm and convolution; called by the derived constructors when all else is there.
  void FinishConstruction(const Weights& w, int64_t conv_out_kernel = 3);
  at::ScalarType dtype() const { return info_.dtype; }

  int64_t cross_attention_dim_ = 0;  // width of the conditioning tokens; 0: no cross-attention
  std::optional<Conv2d> conv_in_, conv_out_;
  std::optional<TransformerTemporalModel> transformer_in_;  // video only
  std::optional<GroupNorm> conv_norm_out_;
  Timesteps time_proj_;
  std::optional<TimeProjections> time_;
  std::vector<DownBlock> down_blocks_;
  std::optional<MidBlock> mid_block_;
  std::vector<UpBlock> up_blocks_;

 private:
  at::Tensor EmbedClass(const NetworkInputs& inputs) const;
  // The input in the network's dtype and memory format, checked; frames folded into the batch.
  at::Tensor Prepare(const NetworkInputs& inputs) const;
  int64_t FramesOf(const NetworkInputs& inputs) const { return info_.video ? inputs.sample.size(2) : 1; }
  BlockContext MakeContext(const NetworkInputs& inputs) const;
  // S_0 .. S_last of a prepared sample.
  std::vector<at::Tensor> Encode(const NetworkInputs& inputs, const at::Tensor& sample, const BlockContext& context,
                                 int last) const;
  // [B * F, ...] -> [B, F, ...] for video.
  at::Tensor UnfoldFeatures(const at::Tensor& features, const BlockContext& context) const;
  // From the decoder layer that consumes `skips.back()` to the output; `kept` collects what enters the layers of the
  // cache positions `keep`.
  at::Tensor Decode(const NetworkInputs& inputs, const BlockContext& context, at::Tensor x,
                    std::vector<at::Tensor> skips, const std::vector<CacheSite>& keep,
                    std::map<CacheSite, at::Tensor>* kept) const;

  const UNetConfig common_;
  std::optional<TimestepEmbedding> time_embedding_, class_embedding_;  // of labels that are numbers or vectors
  std::optional<Embedding> class_table_;
  std::optional<Linear> class_linear_;
};

}  // namespace skipbench
