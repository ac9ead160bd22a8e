// Fully connected layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/nn/cpu/packed.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

// y = x W^T + b with "weight" [out, in] and, unless `bias` is false, "bias" [out].
//
// Several layers that read the same input can be one Linear: the outputs of `parts` (scopes within `w`, each with
// out_features_each rows) stand one after the other, as in to_q | to_k | to_v. Each part is counted under its own name.
class Linear {
 public:
  Linear(const Weights& w, int64_t in_features, int64_t out_features, bool bias = true)
      : Linear(w, {}, in_features, out_features, bias) {}
  // GEGLU: outputs h * gelu(g), half as many as the weight has rows [h, g].
  static Linear Gated(const Weights& w, int64_t in_features, int64_t out_features) {
    return Linear(w, {}, in_features, out_features, true, true);
  }
  // `parts`: none for `w` itself.
  Linear(const Weights& w, const std::vector<std::string>& parts, int64_t in_features, int64_t out_features_each,
         bool bias, bool gated = false);

  at::Tensor Forward(const at::Tensor& x, const LinearEnd& end = {}) const;  // [..., in] -> [..., out]
  // Forward(x) + other; `other`, if defined, is not changed.
  at::Tensor ForwardAdd(const at::Tensor& x, const at::Tensor& other) const { return Forward(x, {.add = other}); }

 private:
  at::Tensor CountOnly(const at::Tensor& x) const;
  std::vector<std::string> names_;
  int64_t in_features_;
  int64_t out_features_;
  bool has_bias_;
  bool gated_;
  PackedLinear linear_;
};

}  // namespace skipbench
