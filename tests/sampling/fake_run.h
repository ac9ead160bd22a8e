// A run without a network: an analytic denoiser that counts what is asked of it.
#pragma once

#include <ATen/ATen.h>

#include <cmath>

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
  std::optional<NoiseLevel> noise_level(int call) const override {
    const double sigma = static_cast<double>(steps_ - call) / steps_;
    return NoiseLevel{1 - sigma, sigma};
  }
  std::string prediction_type() const override { return "flow_prediction"; }
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

// f(x, t, sample) = sin(2 x + t / 300) + 0.1 * sample; guided with two guidance rows, 0.5 f and f. What it keeps at a
// site is f (front + 1) of each row; a shallow forward adds what is cached / 100. A probe shows x + front * f of each
// row.
class FakeDenoiser : public Denoiser {
 public:
  struct Begun : DenoiserProbe {
    ProbeSite site;
  };

  DenoiserOutput Predict(const DenoiserInput& input) override {
    const int64_t n = input.sample.size(0);
    largest_batch = std::max(largest_batch, n);
    const at::Tensor f = Rows(input);
    (input.site ? shallow_rows : full_rows) += n * f.size(0);
    if (input.from) {
      TORCH_CHECK(static_cast<int64_t>(input.from_rows.size()) == n);
      TORCH_CHECK(input.from->signal.size(0) == f.size(0));
      const at::Tensor signal = Probe(input, static_cast<const Begun*>(input.from)->site)->signal;
      for (int64_t k = 0; k < n; ++k)  // the same rows' probe
        TORCH_CHECK(at::equal(input.from->signal.select(1, input.from_rows[k]), signal.select(1, k)));
    }
    DenoiserOutput output;
    output.model_output = f;
    if (input.site) {
      TORCH_CHECK(input.cached.sizes().slice(0, 2) == at::IntArrayRef({f.size(0), n}));
      output.model_output = f + input.cached / 100;
    }
    for (const CacheSite& site : input.keep) output.kept[site] = f * (site.front + 1);
    return output;
  }
  std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput& input, const ProbeSite& site) override {
    auto probe = std::make_unique<Begun>();
    probe->site = site;
    probe->signal = input.sample + site.front * Rows(input);
    return probe;
  }
  int guidance_rows() const override { return 2; }
  at::Tensor Guide(const at::Tensor& model_output) const override {
    return model_output[0] + 3.0 * (model_output[1] - model_output[0]);
  }
  NetworkAbilities abilities() const override {
    using Signal = ProbeSite::Signal;
    return {.cache_positions = 3,
            .blocks = 6,
            .modules = kAttentionModule | kCrossAttentionModule | kFeedForwardModule,
            .signals = {Signal::kInput, Signal::kFilteredInput, Signal::kTimeEmbedding, Signal::kTimeProjection,
                        Signal::kModulatedInput, Signal::kFront}};
  }
  // Of a row: 5 for a full forward, 1 for a shallow one after what a probe of 1 did.
  MacCount Macs(const Work& work) const override {
    const MacCount probe = work.probe ? MacCount{1, 2} : MacCount{};
    if (work.action == Action::kPredict) return {5, 10};
    return work.action == Action::kShallow ? MacCount{1 + probe.modules, 2 + probe.matmuls} : probe;
  }

  int64_t full() const { return full_rows / 2; }
  int64_t shallow() const { return shallow_rows / 2; }
  int64_t full_rows = 0, shallow_rows = 0, largest_batch = 0;

 private:
  static at::Tensor Rows(const DenoiserInput& input) {
    const int64_t n = input.sample.size(0);
    at::Tensor shift = at::empty({n}, input.sample.options());
    for (int64_t k = 0; k < n; ++k) shift[k] = 0.1 * static_cast<double>(input.conditioning[k]);
    const at::Tensor f = at::sin(2 * input.sample + input.timestep / 300) + shift.view({n, 1, 1, 1});
    const at::Tensor both = at::stack({0.5 * f, f});
    return input.guidance_row < 0 ? both : both.narrow(0, input.guidance_row, 1);
  }
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
