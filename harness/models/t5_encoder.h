// T5EncoderModel and UMT5EncoderModel: the encoders of T5 v1.1 (Raffel et al. 2019, arXiv 1910.10683; Shazeer 2020,
// arXiv 2002.05202) and UMT5 (Chung et al. 2023, arXiv 2304.09151), which condition PixArt, SD3, FLUX and Wan.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/nn/layers/embedding.h"
#include "harness/nn/layers/linear.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

struct T5Output {
  at::Tensor last_hidden_state;  // [B, L, D], after the final norm
  std::vector<at::Tensor>
      hidden_states;  // layers + 1 of them: the embeddings, every layer's output, of the last normed
};

// x / sqrt(mean(x²) + eps) times "weight", the mean and the quotient in float32.
class T5LayerNorm {
 public:
  T5LayerNorm(const Weights& w, int64_t features, double eps);
  at::Tensor Forward(const at::Tensor& x) const;  // [..., features], in the weight's type

 private:
  at::Tensor weight_;
  double eps_;
};

class T5EncoderModel {
 public:
  struct Config {
    int64_t vocab_size = 32128;
    int64_t d_model = 512, d_kv = 64, d_ff = 2048;  // heads * d_kv need not be d_model
    int64_t num_layers = 6, num_heads = 8;
    int64_t relative_attention_num_buckets = 32, relative_attention_max_distance = 128;
    double layer_norm_epsilon = 1e-6;
    bool gated = false;               // act(wi_0 x) * wi_1 x instead of act(wi x)
    std::string activation = "relu";  // or gelu, gelu_new (tanh), silu
    bool bias_in_each_layer = false;  // UMT5; in T5 the first layer's serves all
  };
  static constexpr const char* kClassNames[] = {"T5EncoderModel", "UMT5EncoderModel"};
  static constexpr const char* kStem = "model";                           // of the weight files' names, transformers'
  static constexpr const char* kIgnored = "encoder.embed_tokens.weight";  // shared.weight once more, in older files
  // transformers' config.json. Keys that do not concern inference are not looked at.
  static Config ParseConfig(const JsonReader& json);
  // In float16 the feed-forward's last layer is float32, as in transformers: its sums leave the range of float16.
  static WeightsOptions WithOwnTypes(WeightsOptions options);

  T5EncoderModel(const Config& config, const Weights& w);

  // int64 [B, L]; `mask` [B, L], 1: a token others attend to, 0: padding. Without one all tokens are attended to, as in
  // the pipelines of SD3 and FLUX.
  T5Output Forward(const at::Tensor& input_ids, const at::Tensor& mask = {}) const;

  const Config& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }

 private:
  struct Layer {
    T5LayerNorm attention_norm;
    Linear qkv, o;
    T5LayerNorm feed_forward_norm;
    Linear wi, wo;
    at::Tensor relative_attention_bias;  // [buckets, heads]; undefined where an earlier layer's counts
    std::string attention_name;
  };
  at::Tensor PositionBias(const at::Tensor& table, int64_t length) const;
  at::Tensor Attend(const Layer& layer, const at::Tensor& x, const at::Tensor& bias) const;
  at::Tensor FeedForward(const Layer& layer, const at::Tensor& x) const;

  Config config_;
  at::ScalarType dtype_;
  std::optional<Embedding> shared_;
  std::vector<Layer> layers_;
  std::optional<T5LayerNorm> final_layer_norm_;
};

// The bucket of each relative position key - query, [length, length]: half of them for keys behind the query, of each
// half one half for single distances, the rest for distances up to max_distance in logarithmic steps.
at::Tensor T5PositionBuckets(int64_t length, int64_t buckets, int64_t max_distance);

}  // namespace skipbench
