#include "harness/sampling/stepping.h"

#include <ATen/ATen.h>

#include <map>

#include "harness/runtime/device_index.h"
#include "harness/runtime/profiler.h"

namespace skipbench {
namespace {

at::Tensor SelectRows(const at::Tensor& block, std::span<const RowRef> rows, int64_t dim) {
  const int64_t n = static_cast<int64_t>(rows.size());
  bool consecutive = true;
  for (int64_t i = 1; i < n && consecutive; ++i) consecutive = rows[i].row == rows[0].row + i;
  if (consecutive) return n == block.size(dim) ? block : block.narrow(dim, rows[0].row, n);
  std::vector<int64_t> places;
  for (const RowRef& ref : rows) places.push_back(ref.row);
  return block.index_select(dim, DeviceIndex(places, block.device()));
}

}  // namespace

at::Tensor GatherRows(std::span<const RowRef> rows, int64_t dim) {
  std::vector<at::Tensor> parts;
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && rows[end].block.is_same(rows[begin].block)) ++end;
    parts.push_back(SelectRows(rows[begin].block, rows.subspan(begin, end - begin), dim));
    begin = end;
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, dim);
}

DenoiserInput Stepping::Input(std::span<const RowRef> latents, std::span<const int64_t> sample_of, int call,
                              std::vector<int64_t>* conditioning) const {
  conditioning->clear();
  for (const int64_t s : sample_of)
    conditioning->push_back(samples_[s].conditioning < 0 ? s : samples_[s].conditioning);
  DenoiserInput input;
  input.sample = scheduler_.ScaleModelInput(GatherRows(latents, 0), call);
  input.timestep = scheduler_.timestep(call);
  input.conditioning = *conditioning;
  return input;
}

Stepping::Stepped Stepping::Step(const at::Tensor& latent, const SchedulerState& before,
                                 std::span<const RowRef> model_output, std::span<const int64_t> sample_of,
                                 int call) const {
  const ProfiledRange range(RangeKind::kOperator, "scheduler_step");
  const at::Tensor noise = Noise(sample_of, call, latent.device());
  if (batch_invariant_) return RowByRow(latent, before, model_output, noise, call);
  at::Tensor guided = denoiser_.Guide(GatherRows(model_output, 1));
  StepResult stepped = scheduler_.Step(latent, guided, call, before, noise);
  return {std::move(guided), std::move(stepped.sample), std::move(stepped.state)};
}

// Vectorised kernels may round an element differently by its place in the tensor, and those of half precision by the
// order of its axes in memory, so batch_invariant steps alone, from one order.
Stepping::Stepped Stepping::RowByRow(const at::Tensor& latent, const SchedulerState& before,
                                     std::span<const RowRef> model_output, const at::Tensor& noise, int call) const {
  std::vector<at::Tensor> guided, latents;
  std::vector<std::vector<at::Tensor>> histories;
  for (size_t b = 0; b < model_output.size(); ++b) {
    auto row = [&](const at::Tensor& t) { return t.narrow(0, static_cast<int64_t>(b), 1).contiguous(); };
    SchedulerState own;
    for (const auto& t : before.history) own.history.push_back(row(t));
    guided.push_back(denoiser_.Guide(model_output[b].block.narrow(1, model_output[b].row, 1).contiguous()));
    StepResult stepped = scheduler_.Step(row(latent), guided.back(), call, own, noise.defined() ? row(noise) : noise);
    latents.push_back(stepped.sample);
    histories.resize(stepped.state.history.size());
    for (size_t h = 0; h < histories.size(); ++h) histories[h].push_back(stepped.state.history[h]);
  }
  SchedulerState after;
  for (const auto& h : histories) after.history.push_back(at::cat(h));
  return {at::cat(guided), at::cat(latents), std::move(after)};
}

// Drawn once for each sample: all its trajectories see the same.
at::Tensor Stepping::Noise(std::span<const int64_t> sample_of, int call, at::Device device) const {
  if (!scheduler_.UsesNoise(call)) return {};
  std::map<int64_t, at::Tensor> drawn;
  std::vector<at::Tensor> draws;
  for (const int64_t sample : sample_of) {
    at::Tensor& draw = drawn[sample];
    if (!draw.defined()) draw = samples_[sample].noise->Draw(call + 1);
    draws.push_back(draw);
  }
  return at::stack(draws).to(device, /*non_blocking=*/true);
}

}  // namespace skipbench
