#include "harness/nn/layers/resampling.h"

#include <ATen/ATen.h>

namespace skipbench {

Downsample2D::Downsample2D(const Weights& w, int64_t channels, int64_t padding)
    : conv_(w.Sub("conv"),
            {.in_channels = channels, .out_channels = channels, .stride = 2, .padding = padding, .end_padding = 1}) {}

at::Tensor Downsample2D::Forward(const at::Tensor& x) const { return conv_.Forward(x); }

Upsample2D::Upsample2D(const Weights& w, int64_t channels) : conv_(w.Sub("conv"), {channels, channels}) {}

at::Tensor Upsample2D::Forward(const at::Tensor& x) const { return ForwardTo(x, 2 * x.size(2), 2 * x.size(3)); }

at::Tensor Upsample2D::ForwardTo(const at::Tensor& x, int64_t height, int64_t width) const {
  return conv_.Forward(ConvInput::Upsampled(x, height, width));
}

}  // namespace skipbench
