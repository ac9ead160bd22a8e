#include "harness/nn/layers/conv2d.h"

#include <ATen/ATen.h>

#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {
int64_t EndPadding(const Conv2dOptions& options) {
  return options.end_padding < 0 ? options.padding : options.end_padding;
}
}  // namespace

Conv2d::Conv2d(const Weights& w, const Conv2dOptions& options)
    : name_(ModuleName(w)),
      options_(options),
      conv_(w.Take("weight", {options.out_channels, options.in_channels, options.kernel, options.kernel}),
            w.Take("bias", {options.out_channels}), options.stride, options.padding, EndPadding(options)) {}

at::Tensor Conv2d::CountOnly(const at::Tensor& x) const {
  const auto extent = [&](int64_t n) {
    return (n + options_.padding + EndPadding(options_) - options_.kernel) / options_.stride + 1;
  };
  at::Tensor y = at::empty({x.size(0), options_.out_channels, extent(x.size(2)), extent(x.size(3))}, x.options());
  CountConv(name_, y, options_.in_channels, options_.kernel * options_.kernel, true);
  return y;
}

at::Tensor Conv2d::ForwardAdd(const ConvInput& x, const at::Tensor& other) const {
  return x.map().is_meta() ? CountOnly(x.map()) : conv_.Forward(x, other);
}

at::Tensor Conv2d::ForwardParts(const std::vector<at::Tensor>& parts) const {
  return parts[0].is_meta() ? CountOnly(at::cat(parts, 1)) : conv_.ForwardParts(parts);
}

}  // namespace skipbench
