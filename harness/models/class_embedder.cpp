#include "harness/models/class_embedder.h"

#include <ATen/ATen.h>

#include "harness/models/config.h"

namespace skipbench {

ClassEmbedder::Config ClassEmbedder::ParseConfig(const JsonReader& json) {
  CheckClassName<ClassEmbedder>(json);
  Config c;
  c.n_classes = json.IntOr("n_classes", c.n_classes, 1, int64_t{1} << 24);
  c.embed_dim = json.IntOr("embed_dim", c.embed_dim, 1, kMaxChannels);
  c.uncond_class = json.IntOr("uncond_class", c.n_classes - 1, 0, c.n_classes - 1);
  IgnoreTheRest(json, {});
  return c;
}

ClassEmbedder::ClassEmbedder(const Config& config, const Weights& w)
    : config_(config), embedding_(w.Sub("embedding"), config.n_classes, config.embed_dim) {}

at::Tensor ClassEmbedder::Forward(const at::Tensor& classes) const { return embedding_.Forward(classes).unsqueeze(1); }

}  // namespace skipbench
