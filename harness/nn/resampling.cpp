#include "harness/nn/resampling.h"

#include <ATen/ATen.h>

namespace skipbench {

Downsample2D::Downsample2D(const Weights& w, int64_t channels, int64_t padding)
    : padding_(padding), conv_(w.Sub("conv"), {channels, channels, 3, 2, padding}) {}

at::Tensor Downsample2D::Forward(const at::Tensor& x) const {
  return conv_.Forward(padding_ == 0 ? at::constant_pad_nd(x, {0, 1, 0, 1}) : x);
}

Upsample2D::Upsample2D(const Weights& w, int64_t channels)
    : conv_(w.Sub("conv"), {channels, channels}) {}

at::Tensor Upsample2D::Forward(const at::Tensor& x) const { return ForwardTo(x, 2 * x.size(2), 2 * x.size(3)); }

at::Tensor Upsample2D::ForwardTo(const at::Tensor& x, int64_t height, int64_t width) const {
  return conv_.Forward(at::upsample_nearest2d(x, {height, width}));
}

}  // namespace skipbench
