#include "harness/nn/layers/linear.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/nn/layers/macs.h"

namespace skipbench {

Linear::Linear(const Weights& w, const std::vector<std::string>& parts, int64_t in_features, int64_t out_features_each,
               bool bias, bool gated)
    : in_features_(in_features),
      out_features_(out_features_each * std::max<int64_t>(1, static_cast<int64_t>(parts.size()))),
      has_bias_(bias),
      gated_(gated) {
  std::vector<Weights> scopes;
  for (const std::string& part : parts) scopes.push_back(w.Sub(part));
  if (parts.empty()) scopes.push_back(w);
  std::vector<at::Tensor> weights, biases;
  for (const Weights& scope : scopes) {
    names_.push_back(ModuleName(scope));
    weights.push_back(scope.Take("weight", {out_features_each, in_features}));
    if (bias) biases.push_back(scope.Take("bias", {out_features_each}));
  }
  linear_ = PackedLinear(weights, biases, gated);
}

at::Tensor Linear::CountOnly(const at::Tensor& x) const {
  const int64_t parts = static_cast<int64_t>(names_.size());
  const int64_t rows = x.numel() / in_features_;
  for (const std::string& name : names_) CountLinear(name, rows, in_features_, out_features_ / parts, has_bias_);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = gated_ ? out_features_ / 2 : out_features_;
  return at::empty(shape, x.options());
}

at::Tensor Linear::Forward(const at::Tensor& x, const LinearEnd& end) const {
  return x.is_meta() ? CountOnly(x) : linear_.Forward(x, end);
}

}  // namespace skipbench
