#include "harness/pipelines/network_denoiser.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <ranges>

namespace skipbench {

NetworkDenoiser::NetworkDenoiser(const Network& network, Conditioning conditioning, std::vector<MacCount> macs)
    : network_(network),
      replayed_(network),
      conditioning_(std::move(conditioning)),
      macs_(std::move(macs)),
      cache_(conditioning_.tokens, conditioning_.one_by_one) {}

const NetworkInputs& NetworkDenoiser::RowsFor(std::span<const int64_t> conditioning) {
  if (std::equal(rows_.begin(), rows_.end(), conditioning.begin(), conditioning.end())) return inputs_;
  rows_.assign(conditioning.begin(), conditioning.end());
  const bool all = std::ranges::equal(rows_, std::views::iota(int64_t{0}, conditioning_.samples));
  const at::Tensor index = at::tensor(rows_, at::kLong);
  auto gather = [&](const at::Tensor& t) {
    if (!t.defined()) return t;
    return (all ? t : t.index_select(1, index.to(t.device()))).flatten(0, 1);
  };
  inputs_ = {};
  inputs_.cache = &cache_;
  inputs_.rows = gather(conditioning_.rows);
  for (const auto& [name, tensor] : conditioning_.inputs) inputs_.conditioning[name] = gather(tensor);
  return inputs_;
}

DenoiserOutput NetworkDenoiser::Predict(const DenoiserInput& input) {
  const int64_t guidance_rows = conditioning_.guidance_rows, n = input.sample.size(0);
  NetworkInputs inputs = RowsFor(input.conditioning);
  const PackedLatents& packed = conditioning_.packed;
  const at::Tensor sample = packed.Unpack(input.sample);
  inputs.sample = guidance_rows == 2 ? at::cat({sample, sample}) : sample;
  inputs.timestep = input.timestep;
  const auto unfold = [&](const at::Tensor& t) { return t.unflatten(0, {guidance_rows, n}); };
  const int64_t channels = network_.info().in_channels;
  // Of as many channels as the sample: what comes after them is a learned variance.
  const auto prediction = [&](const at::Tensor& t) {
    return unfold(packed.Pack(t.size(1) > channels ? t.narrow(1, 0, channels).contiguous() : t));
  };
  DenoiserOutput output;
  if (input.shallow) {
    output.model_output =
        prediction(replayed_.ForwardShallow(inputs, input.cache_position, input.features.flatten(0, 1)));
    return output;
  }
  NetworkOutput full = replayed_.Forward(inputs, input.keep);
  output.model_output = prediction(full.sample);
  for (auto& [cut, features] : full.features) output.features[cut] = unfold(features);
  return output;
}

at::Tensor NetworkDenoiser::Guide(const at::Tensor& model_output) const {
  if (conditioning_.guidance_rows == 1) return model_output.select(0, 0);
  const at::Tensor unconditional = model_output.select(0, 0), conditional = model_output.select(0, 1);
  // Classifier-free guidance: u + g (c - u).
  return at::add(unconditional, conditional - unconditional, conditioning_.guidance);
}

MacCount NetworkDenoiser::Macs(Action action, int cache_position) const {
  if (action == Action::kReuse) return {};
  return macs_.at(action == Action::kPredict ? 0 : 1 + cache_position) * conditioning_.guidance_rows;
}

}  // namespace skipbench
