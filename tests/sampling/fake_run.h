// A run without a network: an analytic denoiser that counts what is asked of it.
#pragma once

#include <ATen/ATen.h>

#include "harness/sampling/reference_loop.h"
#include "harness/sampling/trajectory_tree.h"

namespace skipbench::testing {

// Euler-like scheduler with a history of one tensor and noise in every second call.
class FakeScheduler : public Scheduler {
 public:
  explicit FakeScheduler(int steps, bool stochastic = false) : steps_(steps), stochastic_(stochastic) {}
  std::string type() const override { return "fake"; }
  int steps() const override { return steps_; }
  int calls() const override { return steps_; }
  double timestep(int call) const override { return 1000.0 * (steps_ - call) / steps_; }
  double init_noise_sigma() const override { return 2; }
  bool UsesNoise(int call) const override { return stochastic_ && call % 2 == 1; }
  StepResult Step(const at::Tensor& sample, const at::Tensor& output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    at::Tensor direction = output;
    if (call > 0) direction = 1.5 * output - 0.5 * state.history.at(0);
    at::Tensor next = sample - direction * (1.0 / steps_);
    if (UsesNoise(call)) next = next + 0.01 * noise;
    return {next, {{output}}};
  }

 private:
  int steps_;
  bool stochastic_;
};

// f(x, t, sample) = sin(2 x + t / 300) + 0.1 * sample; guided with two guidance rows. A shallow forward adds its
// features / 100.
class FakeDenoiser : public Denoiser {
 public:
  DenoiserOutput Predict(const DenoiserInput& input) override {
    const int64_t n = input.sample.size(0);
    largest_batch = std::max(largest_batch, n);
    (input.shallow ? shallow : full) += n;
    at::Tensor shift = at::empty({n}, input.sample.options());
    for (int64_t k = 0; k < n; ++k) shift[k] = 0.1 * static_cast<double>(input.conditioning[k]);
    at::Tensor f = at::sin(2 * input.sample + input.timestep / 300) + shift.view({n, 1, 1, 1});
    DenoiserOutput output;
    if (input.shallow) {
      TORCH_CHECK(input.features.sizes().slice(0, 2) == at::IntArrayRef({2, n}));
      f = f + input.features[1] / 100;
    }
    output.model_output = at::stack({0.5 * f, f});
    for (int cache_position : input.keep) output.features[cache_position] = at::stack({f, f}) * (cache_position + 1);
    return output;
  }
  int guidance_rows() const override { return 2; }
  at::Tensor Guide(const at::Tensor& model_output) const override {
    return model_output[0] + 3.0 * (model_output[1] - model_output[0]);
  }
  int cache_positions() const override { return 3; }
  MacCount Macs(Action action, int) const override {
    return action == Action::kPredict ? MacCount{10, 20} : action == Action::kShallow ? MacCount{1, 2} : MacCount{};
  }

  int64_t full = 0, shallow = 0, largest_batch = 0;
};

inline constexpr int64_t kShape[] = {2, 3, 5};

struct FakeRun {
  FakeScheduler scheduler;
  int64_t samples;
  uint64_t seed = 3;

  TreeResult Run(const std::vector<const Method*>& methods, TreeOptions options, FakeDenoiser* denoiser) const {
    const auto source = CounterNoise(seed);
    std::vector<std::unique_ptr<NoiseStream>> streams;
    std::vector<TreeSample> list;
    for (int64_t s = 0; s < samples; ++s) {
      streams.push_back(source->Open(100 + s, s, kShape));
      list.push_back({100 + s, streams.back().get()});
    }
    return RunTree(scheduler, *denoiser, list, methods, kShape, at::kFloat, at::kCPU, options);
  }

  // One sample by the reference loop.
  TrajectoryRecord RunAlone(const Method& method, int64_t sample, FakeDenoiser* denoiser) const {
    const auto stream = CounterNoise(seed)->Open(100 + sample, sample, kShape);
    return RunReferenceLoop(scheduler, *denoiser, {100 + sample, stream.get()}, sample, method, at::kFloat, at::kCPU);
  }
};

}  // namespace skipbench::testing
