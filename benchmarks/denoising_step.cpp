// The harness's own cost: one whole denoising step of each method with a network that costs nothing, and the criterion's
// sums alone. The latent is the shipped model's (4 x 16 x 16); the argument is the number of samples.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "harness/runtime/noise.h"
#include "harness/sampling/difference_sums.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/scheduler.h"
#include "methods/catalog.h"

namespace skipbench {
namespace {

constexpr int64_t kShape[] = {4, 16, 16};
constexpr int kSteps = 50;

// Returns the same output again and again: what is left is the sampler, the scheduler and the method.
class FreeDenoiser : public Denoiser {
 public:
  explicit FreeDenoiser(int64_t samples) : output_(at::randn({2, samples, 4, 16, 16}) * 0.1) {}
  DenoiserOutput Predict(const DenoiserInput& input) override {
    DenoiserOutput output;
    output.raw = output_.narrow(1, 0, input.sample.size(0));
    for (int branch : input.keep) output.features[branch] = output.raw;
    return output;
  }
  int halves() const override { return 2; }
  at::Tensor Guide(const at::Tensor& raw) const override {
    const at::Tensor u = raw.select(0, 0), c = raw.select(0, 1);
    return at::add(u, c - u, 5.0);
  }
  int branches() const override { return 1; }
  MacCount Macs(Action, int) const override { return {}; }

 private:
  at::Tensor output_;
};

void DenoisingStep(benchmark::State& state, const std::string& scheduler_type, const std::string& method_type, const Json& options) {
  c10::InferenceMode inference;
  const int64_t n = state.range(0);
  const auto scheduler = MakeScheduler(scheduler_type, Json::object(), Json::object(), kSteps, "benchmark");
  const auto method = FindMethodType(method_type, "benchmark").make(JsonReader(options, "benchmark"));
  FreeDenoiser denoiser(n);
  const auto source = CounterNoise(1);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> samples;
  for (int64_t s = 0; s < n; ++s) {
    streams.push_back(source->Open(s, s, kShape));
    samples.push_back({s, streams.back().get()});
  }
  TreeOptions tree;
  tree.batch_size = n;
  for (auto _ : state) benchmark::DoNotOptimize(RunTree(*scheduler, denoiser, samples, {method.get()}, kShape, at::kFloat, at::kCPU, tree));
  state.SetItemsProcessed(state.iterations() * kSteps);
  state.counters["us_per_step"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kSteps / 1e6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Estimator(benchmark::State& state) {
  c10::InferenceMode inference;
  std::vector<at::Tensor> history;
  for (int k = 0; k < 4; ++k) history.push_back(at::randn({state.range(0), 4, 16, 16}));
  const int order = static_cast<int>(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(ComputeDifferenceSums(at::TensorList(history).slice(0, order + 1), order));
}

BENCHMARK_CAPTURE(DenoisingStep, full_step_ddim, "ddim", "full_step", Json::object())->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, full_step_euler, "euler", "full_step", Json::object())->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, full_step_dpm_solver_multistep, "dpm_solver_multistep", "full_step", Json::object())->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, fixed_path, "ddim", "fixed_path", Json{{"interval", 2}})->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, deepcache, "ddim", "deepcache", Json{{"interval", 3}})->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, adaptive_published, "ddim", "adaptive_diffusion", Json{{"delta", 0.01}})->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, adaptive_tensor, "ddim", "adaptive_diffusion", Json{{"delta", 0.1}, {"criterion", "tensor"}})->Arg(1)->Arg(32);
BENCHMARK(Estimator)->Args({1, 1})->Args({1, 3})->Args({32, 1})->Args({32, 3});

}  // namespace
}  // namespace skipbench

