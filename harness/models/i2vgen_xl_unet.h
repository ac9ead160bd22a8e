// I2VGenXLUNet (Zhang et al. 2023): UNet3DConditionModel that is also told a start image, in three ways, and the frames
// per second.
#pragma once

#include <vector>

#include "harness/models/unet_3d_condition.h"

namespace skipbench {

// Self-attention over the frames of every place of the image latents, then a plain feed-forward without a norm:
// x += attn1(norm1(x)); x += net.2(gelu(net.0.proj(x))).
class I2VGenXLTransformerTemporalEncoder {
 public:
  I2VGenXLTransformerTemporalEncoder(const Weights& w, int64_t dim);
  at::Tensor Forward(const at::Tensor& x) const;  // [B, F, N, dim] -> the same

 private:
  LayerNorm norm1_;
  Attention attn1_;  // 2 heads of `dim` channels
  Linear proj_, out_;
};

// Takes either the raw conditioning that conditioning() names (encoder_hidden_states: the text's tokens; image_latents;
// image_embeddings), or what the network makes of it, which depends neither on the timestep nor on the sample: the
// tokens of ContextTokens() (in encoder_hidden_states or in the cache) and encoded_image_latents [B, C, F, H, W]. In
// both cases fps [B].
class I2VGenXLUNet : public UNet3DConditionModel {
 public:
  static constexpr const char* kClassNames[] = {"I2VGenXLUNet"};
  static Config ParseConfig(const JsonReader& json);
  I2VGenXLUNet(const Config& config, const Weights& w);
  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const override;

  // Text tokens [B, L, D], image latents [B, 4, F, h, w] of which the first frame counts, CLIP image embeddings [B, D]
  // -> [B, L + 64 + 4, D].
  at::Tensor ContextTokens(const at::Tensor& text, const at::Tensor& image_latents,
                           const at::Tensor& image_embeddings) const;
  // [B, 4, F, h, w] -> the same: what is put beside the noisy latents.
  at::Tensor EncodeImageLatents(const at::Tensor& image_latents) const;

 private:
  NetworkInputs Complete(const NetworkInputs& inputs) const override;
  at::Tensor ConvInInput(const NetworkInputs& inputs, const at::Tensor& sample) const override;
  at::Tensor EmbedTime(const NetworkInputs& inputs) const override;
  bool TimeIsShared() const override { return false; }
  at::Tensor ImageLatentTokens(const at::Tensor& first_frame) const;

  std::vector<Conv2d> image_latents_proj_in_, image_latents_context_embedding_;  // SiLU between them
  I2VGenXLTransformerTemporalEncoder temporal_encoder_;                          // of the image latents
  Linear context_in_, context_out_, fps_in_, fps_out_;
};

}  // namespace skipbench
