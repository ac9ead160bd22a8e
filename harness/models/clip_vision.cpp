#include "harness/models/clip_vision.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

CLIPVisionModelWithProjection::Config CLIPVisionModelWithProjection::ParseConfig(const JsonReader& json) {
  Config c;
  if (json.Has("architectures") &&
      json.Strings("architectures") != std::vector<std::string>{"CLIPVisionModelWithProjection"})
    FailUnsupportedValue(json, "architectures", "CLIPVisionModelWithProjection");
  Only(json, "model_type", {"clip_vision_model", "clip"});
  c.encoder = {.hidden_size = 768, .intermediate_size = 3072, .num_hidden_layers = 12, .num_attention_heads = 12};
  ParseClipEncoderConfig(json, &c.encoder);
  c.num_channels = json.IntOr("num_channels", c.num_channels, 1, kMaxChannels);
  c.image_size = json.IntOr("image_size", c.image_size, 1, 1 << 14);
  c.patch_size = json.IntOr("patch_size", c.patch_size, 1, c.image_size);
  c.projection_dim = json.IntOr("projection_dim", c.projection_dim, 1, kMaxChannels);
  return c;
}

CLIPVisionModelWithProjection::CLIPVisionModelWithProjection(const Config& config, const Weights& w)
    : config_(config),
      dtype_(w.options().dtype),
      pre_layrnorm_(w.Sub("vision_model.pre_layrnorm"), config.encoder.hidden_size, config.encoder.layer_norm_eps),
      encoder_(w.Sub("vision_model.encoder"), config.encoder),
      post_layernorm_(w.Sub("vision_model.post_layernorm"), config.encoder.hidden_size, config.encoder.layer_norm_eps),
      visual_projection_(w.Sub("visual_projection"), config.encoder.hidden_size, config.projection_dim, false) {
  const Weights embeddings = w.Sub("vision_model.embeddings");
  const int64_t d = config.encoder.hidden_size, side = config.image_size / config.patch_size;
  class_embedding_ = embeddings.Take("class_embedding", {d});
  patch_embedding_ =
      embeddings.Take("patch_embedding.weight", {d, config.num_channels, config.patch_size, config.patch_size});
  position_embedding_ = embeddings.Take("position_embedding.weight", {side * side + 1, d});
}

ClipVisionOutput CLIPVisionModelWithProjection::Forward(const at::Tensor& pixel_values) const {
  const int64_t size = config_.image_size, patch = config_.patch_size, d = config_.encoder.hidden_size;
  if (pixel_values.dim() != 4 || pixel_values.size(1) != config_.num_channels || pixel_values.size(2) != size ||
      pixel_values.size(3) != size)
    Fail("the image encoder takes pixel values [B, {}, {}, {}], got [{}]", config_.num_channels, size, size,
         fmt::join(pixel_values.sizes(), ", "));
  ClipVisionOutput output;
  const at::Tensor patches =
      at::conv2d(pixel_values.to(dtype_), patch_embedding_, {}, {patch, patch}).flatten(2).transpose(1, 2);
  const at::Tensor classes = class_embedding_.expand({pixel_values.size(0), 1, d});
  output.embeddings = at::cat({classes, patches}, 1) + position_embedding_;
  output.hidden_states = encoder_.Forward(pre_layrnorm_.Forward(output.embeddings), /*causal=*/false);
  output.last_hidden_state = output.hidden_states.back();
  output.pooled = post_layernorm_.Forward(output.last_hidden_state.select(1, 0));
  output.image_embeds = visual_projection_.Forward(output.pooled);
  return output;
}

}  // namespace skipbench
