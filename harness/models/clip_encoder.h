// The transformer that CLIP's text and image towers share.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/layers/norm.h"

namespace skipbench {

struct ClipEncoderConfig {
  int64_t hidden_size = 512;
  int64_t intermediate_size = 2048;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 8;
  bool quick_gelu = true;  // x * sigmoid(1.702 x); else the exact GELU
  double layer_norm_eps = 1e-5;
};
// Reads these keys of transformers' config.json over `defaults`; errors name file, key and value.
void ParseClipEncoderConfig(const JsonReader& json, ClipEncoderConfig* config);

// h = x + attention(layer_norm1(x)); h + mlp(layer_norm2(h)), `num_hidden_layers` times.
class ClipEncoder {
 public:
  ClipEncoder(const Weights& w, const ClipEncoderConfig& config);  // w: the scope "encoder"
  // [B, L, D] -> layers + 1 tensors [B, L, D]: x itself, then the output of every layer.
  std::vector<at::Tensor> Forward(const at::Tensor& x, bool causal) const;

 private:
  struct Layer {
    LayerNorm layer_norm1;
    Linear qkv, out;
    LayerNorm layer_norm2;
    Linear fc1, fc2;
    std::string attention_name;
  };
  at::Tensor RunLayer(const Layer& layer, const at::Tensor& x, bool causal) const;

  ClipEncoderConfig config_;
  std::vector<Layer> layers_;
};

}  // namespace skipbench
