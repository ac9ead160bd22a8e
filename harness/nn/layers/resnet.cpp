#include "harness/nn/layers/resnet.h"

#include <ATen/ATen.h>

#include "harness/nn/layers/macs.h"

namespace skipbench {

int64_t TimeProjections::Add(const Weights& w, int64_t out_features) {
  parts_.push_back({ModuleName(w), total_, out_features});
  weights_.push_back(w.Take("weight", {out_features, temb_channels_}));
  biases_.push_back(w.Take("bias", {out_features}));
  total_ += out_features;
  return static_cast<int64_t>(parts_.size()) - 1;
}

void TimeProjections::Finish() {
  if (!weights_.empty()) linear_ = PackedLinear(weights_, biases_);
  weights_.clear();
  biases_.clear();
}

at::Tensor TimeProjections::Forward(const at::Tensor& temb) const {
  if (temb.is_meta()) return at::empty({temb.size(0), total_}, temb.options());
  return linear_.Forward(at::silu(temb));
}

// Counting happens here and not in Forward(): a shallow forward uses the slices of some blocks only.
at::Tensor TimeProjections::Slice(const at::Tensor& projected, int64_t place) const {
  const Part& part = parts_[place];
  if (projected.is_meta()) CountLinear(part.name, projected.size(0), temb_channels_, part.out_features, true);
  return projected.narrow(1, part.offset, part.out_features);
}

ResnetBlock2D::ResnetBlock2D(const Weights& w, const ResnetOptions& options, TimeProjections* time)
    : options_(options),
      norm1_(w.Sub("norm1"), options.groups, options.in_channels, options.eps),
      conv1_(w.Sub("conv1"), {options.in_channels, options.out_channels}),
      norm2_(w.Sub("norm2"), options.groups, options.out_channels, options.eps),
      conv2_(w.Sub("conv2"), {options.out_channels, options.out_channels}) {
  if (time)
    time_place_ =
        time->Add(w.Sub("time_emb_proj"), options.scale_shift ? 2 * options.out_channels : options.out_channels);
  if (options.in_channels != options.out_channels)
    conv_shortcut_.emplace(w.Sub("conv_shortcut"), Conv2dOptions{options.in_channels, options.out_channels, 1, 1, 0});
}

at::Tensor ResnetBlock2D::Forward(const std::vector<at::Tensor>& parts, const TimeProjections* time,
                                  const at::Tensor& projected) const {
  const at::Tensor h = conv1_.Forward(norm1_.ForwardSilu(parts));
  const ConvInput activated = [&] {
    if (time_place_ < 0) return norm2_.ForwardSilu({h});
    const at::Tensor t = time->Slice(projected, time_place_);
    if (!options_.scale_shift) return norm2_.ForwardSilu({h}, t);
    const at::Tensor st = t.unsqueeze(-1).unsqueeze(-1);
    const int64_t c = options_.out_channels;
    return ConvInput(at::silu(norm2_.Forward(h) * (1 + st.narrow(1, 0, c)) + st.narrow(1, c, c)));
  }();
  const at::Tensor shortcut = conv_shortcut_      ? conv_shortcut_->ForwardParts(parts)
                              : parts.size() == 1 ? parts[0]
                                                  : at::cat(parts, 1);
  const at::Tensor y = conv2_.ForwardAdd(activated, shortcut);
  return options_.output_scale == 1 ? y : y / options_.output_scale;
}

}  // namespace skipbench
