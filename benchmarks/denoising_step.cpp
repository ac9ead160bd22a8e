// The harness's own cost: one whole denoising step of each method with a network that costs nothing, and the
// criterion's sums alone. The latent is the shipped model's (4 x 16 x 16); the argument is the number of samples.
//
// us_per_step counts everything; own_us_per_step leaves out what any sampler has to do, guidance and the scheduler's
// arithmetic: what remains is the estimator, the decisions, the gathering of batches and the start of the run.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <chrono>

#include "harness/runtime/noise.h"
#include "harness/sampling/difference_sums.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"

namespace skipbench {
namespace {

constexpr int64_t kShape[] = {4, 16, 16};
constexpr int kSteps = 50;

// Adds up the time of its laps.
struct Stopwatch {
  using Clock = std::chrono::steady_clock;
  class Lap {
   public:
    explicit Lap(Stopwatch& watch) : watch_(watch) {}
    ~Lap() { watch_.total += Clock::now() - start_; }

   private:
    Stopwatch& watch_;
    const Clock::time_point start_ = Clock::now();
  };
  Clock::duration total{};
};

// Returns the same output again and again: what is left is the sampler, the scheduler and the method.
class FreeDenoiser : public Denoiser {
 public:
  FreeDenoiser(int64_t samples, Stopwatch& watch) : watch_(watch), output_(at::randn({2, samples, 4, 16, 16}) * 0.1) {}
  DenoiserOutput Predict(const DenoiserInput& input) override {
    DenoiserOutput output;
    output.model_output = output_.narrow(1, 0, input.sample.size(0));
    for (const CacheSite& site : input.keep) output.kept[site] = output.model_output;
    return output;
  }
  int guidance_rows() const override { return 2; }
  at::Tensor Guide(const at::Tensor& model_output) const override {
    const Stopwatch::Lap lap(watch_);
    const at::Tensor u = model_output.select(0, 0), c = model_output.select(0, 1);
    return at::add(u, c - u, 5.0);
  }
  std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput&, const ProbeSite&) override { return nullptr; }
  NetworkAbilities abilities() const override { return {.cache_positions = 1}; }
  MacCount Macs(const Work&) const override { return {}; }

 private:
  Stopwatch& watch_;
  at::Tensor output_;
};

// Drawing noise has its own cost, once a sample.
class StoredNoise : public NoiseStream {
 public:
  at::Tensor Draw(int) override { return noise_; }

 private:
  at::Tensor noise_ = at::randn(kShape);
};

// A scheduler whose steps are timed.
class TimedScheduler : public Scheduler {
 public:
  TimedScheduler(std::shared_ptr<const Scheduler> scheduler, Stopwatch& watch)
      : inner_(std::move(scheduler)), watch_(watch) {}
  std::string type() const override { return inner_->type(); }
  int steps() const override { return inner_->steps(); }
  int calls() const override { return inner_->calls(); }
  double timestep(int call) const override { return inner_->timestep(call); }
  double init_noise_sigma() const override { return inner_->init_noise_sigma(); }
  bool UsesNoise(int call) const override { return inner_->UsesNoise(call); }
  at::Tensor ScaleModelInput(const at::Tensor& sample, int call) const override {
    const Stopwatch::Lap lap(watch_);
    return inner_->ScaleModelInput(sample, call);
  }
  StepResult Step(const at::Tensor& sample, const at::Tensor& output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    const Stopwatch::Lap lap(watch_);
    return inner_->Step(sample, output, call, state, noise);
  }

 private:
  std::shared_ptr<const Scheduler> inner_;
  Stopwatch& watch_;
};

void DenoisingStep(benchmark::State& state, const std::string& scheduler_type, const std::string& method_type,
                   const Json& options) {
  c10::InferenceMode inference;
  const int64_t n = state.range(0);
  Stopwatch others, all;
  const TimedScheduler scheduler(MakeScheduler(scheduler_type, Json::object(), Json::object(), kSteps, "benchmark"),
                                 others);
  const auto method = FindMethodType(method_type, "benchmark").make(JsonReader(options, "benchmark"));
  FreeDenoiser denoiser(n, others);
  StoredNoise noise;
  std::vector<TreeSample> samples;
  for (int64_t s = 0; s < n; ++s) samples.push_back({s, &noise});
  TreeOptions tree;
  tree.batch_size = n;
  for (auto _ : state) {
    const Stopwatch::Lap lap(all);
    benchmark::DoNotOptimize(RunTree(scheduler, denoiser, samples, {method.get()}, kShape, at::kFloat, at::kCPU, tree));
  }
  const auto per_step = [&](Stopwatch::Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count() / (static_cast<double>(state.iterations()) * kSteps);
  };
  state.SetItemsProcessed(state.iterations() * kSteps);
  state.counters["us_per_step"] = per_step(all.total);
  state.counters["own_us_per_step"] = per_step(all.total - others.total);
}

void Estimator(benchmark::State& state) {
  c10::InferenceMode inference;
  std::vector<at::Tensor> history;
  for (int k = 0; k < 4; ++k) history.push_back(at::randn({state.range(0), 4, 16, 16}));
  const int order = static_cast<int>(state.range(1));
  for (auto _ : state)
    benchmark::DoNotOptimize(ComputeDifferenceSums(at::TensorList(history).slice(0, order + 1), order));
}

BENCHMARK_CAPTURE(DenoisingStep, full_step_ddim, "ddim", "full_step", Json::object())->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, full_step_euler, "euler", "full_step", Json::object())->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, full_step_dpm_solver_multistep, "dpm_solver_multistep", "full_step", Json::object())
    ->Arg(1)
    ->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, fixed_path, "ddim", "fixed_path", Json{{"interval", 2}})->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, deepcache, "ddim", "deepcache", Json{{"interval", 3}})->Arg(1)->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, adaptive_published, "ddim", "adaptive_diffusion", Json{{"delta", 0.01}})
    ->Arg(1)
    ->Arg(32);
BENCHMARK_CAPTURE(DenoisingStep, adaptive_tensor, "ddim", "adaptive_diffusion",
                  Json{{"delta", 0.1}, {"criterion", "tensor"}})
    ->Arg(1)
    ->Arg(32);
BENCHMARK(Estimator)->Args({1, 1})->Args({1, 3})->Args({32, 1})->Args({32, 3});

}  // namespace
}  // namespace skipbench
