#include "harness/nn/conv2d.h"

#include <ATen/ATen.h>

#include "harness/nn/macs.h"

namespace skipbench {

Conv2d::Conv2d(const Weights& w, const Conv2dOptions& options)
    : name_(ModuleName(w)),
      options_(options),
      conv_(w.Take("weight", {options.out_channels, options.in_channels, options.kernel, options.kernel}),
            w.Take("bias", {options.out_channels}), options.stride, options.padding) {}

at::Tensor Conv2d::CountOnly(const at::Tensor& x) const {
  const auto extent = [&](int64_t n) { return (n + 2 * options_.padding - options_.kernel) / options_.stride + 1; };
  at::Tensor y = at::empty({x.size(0), options_.out_channels, extent(x.size(2)), extent(x.size(3))}, x.options());
  CountConv(name_, y, options_.in_channels, options_.kernel * options_.kernel, true);
  return y;
}

at::Tensor Conv2d::Forward(const at::Tensor& x) const { return x.is_meta() ? CountOnly(x) : conv_.Forward(x); }

at::Tensor Conv2d::ForwardAdd(const at::Tensor& x, const at::Tensor& other) const {
  return x.is_meta() ? CountOnly(x) : conv_.ForwardAdd(x, other);
}

}  // namespace skipbench
