#include "harness/schedulers/scheduler_base.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

namespace skipbench {

int SchedulerBase::Checked(int call) const {
  if (call < 0 || call >= calls()) Fail("scheduler {}: there is no call {}; it makes {} calls", type_, call, calls());
  return call;
}

std::optional<NoiseLevel> SchedulerBase::noise_level(int call) const {
  if (noise_levels_.empty()) return std::nullopt;
  return noise_levels_[call == calls() ? call : Checked(call)];
}

double SchedulerBase::NoiseStd(int call) const {
  Checked(call);
  return noise_std_.empty() ? 0 : noise_std_[call];
}

void SchedulerBase::CheckStep(const at::Tensor& sample, const at::Tensor& model_output, int call,
                              const SchedulerState& state, size_t history, const at::Tensor& noise) const {
  Checked(call);
  auto check_shape = [&](const at::Tensor& tensor, const char* what) {
    if (!tensor.defined()) Fail("scheduler {}: call {}: no {} given", type_, call, what);
    if (tensor.sizes() != sample.sizes())
      Fail("scheduler {}: call {}: the sample has the shape {}, the {} {}", type_, call, fmt::streamed(sample.sizes()),
           what, fmt::streamed(tensor.sizes()));
    if (tensor.device() != sample.device())
      Fail("scheduler {}: call {}: the sample is on {}, the {} on {}", type_, call, fmt::streamed(sample.device()),
           what, fmt::streamed(tensor.device()));
  };
  check_shape(sample, "sample");
  if (sample.dim() < 1 || !sample.is_floating_point())
    Fail("scheduler {}: call {}: expected a floating-point sample [n, ...]", type_, call);
  check_shape(model_output, "model output");
  if (state.history.size() != history)
    Fail("scheduler {}: call {}: the state holds {} tensors; after call {} it holds {}", type_, call,
         state.history.size(), call - 1, history);
  for (const at::Tensor& tensor : state.history) check_shape(tensor, "state");
  if (UsesNoise(call)) check_shape(noise, "noise");
}

}  // namespace skipbench
