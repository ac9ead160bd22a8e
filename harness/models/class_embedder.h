// ClassEmbedder: LDM-4's conditioning, one token for each class; the last row stands for "no class".
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/base/json.h"
#include "harness/nn/layers/embedding.h"

namespace skipbench {

class ClassEmbedder {
 public:
  struct Config {
    int64_t n_classes = 1001;  // rows of the table, the unconditional one among them
    int64_t embed_dim = 512;
    int64_t uncond_class = 1000;
  };
  static constexpr const char* kClassNames[] = {"ClassEmbedder"};
  static Config ParseConfig(const JsonReader& json);

  ClassEmbedder(const Config& config, const Weights& w);  // "embedding.weight" [n_classes, embed_dim]
  at::Tensor Forward(const at::Tensor& classes) const;    // int64 [B] -> [B, 1, embed_dim]
  const Config& config() const { return config_; }

 private:
  Config config_;
  Embedding embedding_;
};

}  // namespace skipbench
