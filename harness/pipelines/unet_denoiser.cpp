#include "harness/pipelines/unet_denoiser.h"

#include <ATen/ATen.h>

namespace skipbench {

UNetDenoiser::UNetDenoiser(const UNet& unet, Conditioning conditioning, std::vector<MacCount> macs)
    : unet_(unet), replayed_(unet), conditioning_(std::move(conditioning)), macs_(std::move(macs)), cache_(conditioning_.tokens) {}

int UNetDenoiser::branches() const { return unet_.branches(); }

const UNetInputs& UNetDenoiser::RowsFor(std::span<const int64_t> conditioning) {
  if (std::equal(rows_.begin(), rows_.end(), conditioning.begin(), conditioning.end())) return inputs_;
  rows_.assign(conditioning.begin(), conditioning.end());
  bool all = static_cast<int64_t>(rows_.size()) == conditioning_.samples;
  for (size_t i = 0; i < rows_.size() && all; ++i) all = rows_[i] == static_cast<int64_t>(i);
  const at::Tensor index = at::tensor(rows_, at::kLong);
  auto gather = [&](const at::Tensor& t) {
    if (!t.defined()) return t;
    return (all ? t : t.index_select(1, index.to(t.device()))).flatten(0, 1);
  };
  inputs_ = {};
  inputs_.cache = &cache_;
  inputs_.rows = gather(conditioning_.rows);
  inputs_.text_embeds = gather(conditioning_.text_embeds);
  inputs_.time_ids = gather(conditioning_.time_ids);
  inputs_.class_labels = gather(conditioning_.class_labels);
  inputs_.encoded_image_latents = gather(conditioning_.encoded_image_latents);
  inputs_.fps = gather(conditioning_.fps);
  return inputs_;
}

DenoiserOutput UNetDenoiser::Predict(const DenoiserInput& input) {
  const int64_t halves = conditioning_.halves, n = input.sample.size(0);
  UNetInputs inputs = RowsFor(input.conditioning);
  inputs.sample = halves == 2 ? at::cat({input.sample, input.sample}) : input.sample;
  inputs.timestep = input.timestep;
  auto unfold = [&](const at::Tensor& t) { return t.unflatten(0, {halves, n}); };
  DenoiserOutput output;
  if (input.shallow) {
    output.raw = unfold(replayed_.ForwardShallow(inputs, input.branch, input.features.flatten(0, 1)));
    return output;
  }
  UNetOutput full = replayed_.Forward(inputs, input.keep);
  output.raw = unfold(full.sample);
  for (auto& [branch, features] : full.features) output.features[branch] = unfold(features);
  return output;
}

at::Tensor UNetDenoiser::Guide(const at::Tensor& raw) const {
  if (conditioning_.halves == 1) return raw.select(0, 0);
  const at::Tensor unconditional = raw.select(0, 0), conditional = raw.select(0, 1);
  // Classifier-free guidance: u + g (c - u).
  return at::add(unconditional, conditional - unconditional, conditioning_.guidance);
}

MacCount UNetDenoiser::Macs(Action action, int branch) const {
  if (action == Action::kReuse) return {};
  MacCount one = macs_.at(action == Action::kPredict ? 0 : 1 + branch);
  one.modules *= conditioning_.halves;
  one.matmuls *= conditioning_.halves;
  return one;
}

}  // namespace skipbench
