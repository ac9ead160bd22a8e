#include "harness/models/network.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/base/error.h"

namespace skipbench {

const at::Tensor& NetworkInputs::Get(const std::string& name) const {
  static const at::Tensor undefined;
  const auto found = conditioning.find(name);
  return found == conditioning.end() ? undefined : found->second;
}

void Network::CheckSample(const NetworkInputs& inputs) const {
  const at::Tensor& sample = inputs.sample;
  if (sample.dim() != (info_.video ? 5 : 4) || sample.size(1) != info_.in_channels || sample.numel() == 0)
    Fail("the network takes samples [B, {}, {}H, W], got [{}]", info_.in_channels, info_.video ? "F, " : "",
         fmt::join(sample.sizes(), ", "));
  if (inputs.timesteps.defined() && (inputs.timesteps.dim() != 1 || inputs.timesteps.size(0) != sample.size(0)))
    Fail("{} samples with timesteps [{}]", sample.size(0), fmt::join(inputs.timesteps.sizes(), ", "));
}

void Network::CheckCut(int cut) const {
  if (cut < 0 || cut >= static_cast<int>(info_.cuts.size()))
    Fail("cache position {}: this network has {} of them, counted from 0", cut, info_.cuts.size());
}

const at::Tensor& Network::Require(const NetworkInputs& inputs, const std::string& name, at::IntArrayRef row) {
  const at::Tensor& given = inputs.Get(name);
  const int64_t dim = static_cast<int64_t>(row.size()) + 1;
  bool fits = given.defined() && given.dim() == dim && given.size(0) == inputs.sample.size(0);
  for (int64_t i = 1; i < dim && fits; ++i) fits = row[i - 1] < 0 || given.size(i) == row[i - 1];
  if (fits) return given;
  std::string expected;
  for (int64_t size : row) expected += size < 0 ? ", ?" : fmt::format(", {}", size);
  Fail("the network takes {} [{}{}], got {}", name, inputs.sample.size(0), expected,
       given.defined() ? fmt::format("[{}]", fmt::join(given.sizes(), ", ")) : "none");
}

at::Tensor Network::TimestepRows(const NetworkInputs& inputs) {
  const at::Tensor& sample = inputs.sample;
  if (sample.is_meta()) return at::empty({sample.size(0)}, sample.options().dtype(at::kFloat));
  if (inputs.timesteps.defined()) return inputs.timesteps.to(at::kFloat);
  return at::full({1}, inputs.timestep, sample.options().dtype(at::kFloat));
}

void Network::Observe(const NetworkInputs& inputs, const std::string& block, const at::Tensor& output) {
  if (inputs.observe) inputs.observe(block, output);
}

}  // namespace skipbench
