#include "harness/nn/norm.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/nn/macs.h"

namespace skipbench {

GroupNorm::GroupNorm(const Weights& w, int64_t groups, int64_t channels, double eps)
    : name_(ModuleName(w)), groups_(groups), eps_(eps) {
  if (groups < 1 || channels % groups != 0) Fail("{}: {} channels cannot be split into {} groups", name_, channels, groups);
  weight_ = w.Take("weight", {channels});
  bias_ = w.Take("bias", {channels});
}

at::Tensor GroupNorm::Forward(const at::Tensor& x) const {
  if (x.is_meta()) {
    CountNorm(name_, x);
    return at::empty_like(x);
  }
  return at::group_norm(x, groups_, weight_, bias_, eps_);
}

at::Tensor GroupNorm::ForwardSilu(const at::Tensor& x) const {
  at::Tensor y = Forward(x);
  return x.is_meta() ? y : at::silu_(y);
}

at::Tensor GroupNorm::ForwardSiluShifted(const at::Tensor& x, const at::Tensor& shift) const {
  return ForwardSilu(x + shift.unsqueeze(-1).unsqueeze(-1));
}

LayerNorm::LayerNorm(const Weights& w, int64_t features, double eps)
    : name_(ModuleName(w)), features_(features), eps_(eps) {
  weight_ = w.Take("weight", {features});
  bias_ = w.Take("bias", {features});
}

at::Tensor LayerNorm::Forward(const at::Tensor& x) const {
  if (x.is_meta()) {
    CountNorm(name_, x);
    return at::empty_like(x);
  }
  return at::layer_norm(x, {features_}, weight_, bias_, eps_);
}

}  // namespace skipbench
