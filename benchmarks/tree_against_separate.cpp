// A sweep as one tree against the same settings one by one, by turns: network evaluations and wall time of both. The
// shipped model, 50 steps, 16 captions, delta x Cmax of adaptive_diffusion.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>

#include "datasets/catalog.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/adaptive_diffusion/adaptive_diffusion.h"

namespace skipbench {
namespace {

constexpr int kSamples = 16, kSteps = 50;

double Seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// `turns`: tree and separate runs alternate that often, each time in the other order; the smallest time of each counts.
void TreeAgainstSeparate(benchmark::State& state, const std::string& scheduler_type, Json options) {
  c10::InferenceMode inference;
  const std::string data = std::string(SKIPBENCH_SOURCE_DIR) + "/datasets/fashion_scenes";
  const auto pipeline = LoadPipeline(data + "/model", {});
  const Json source = {{"type", "coco"}, {"captions", data + "/captions.json"}, {"count", kSamples}};
  const auto dataset = MakeDataset(JsonReader(source, "benchmark"), data);
  const auto denoiser = pipeline->Encode(dataset->samples(), 4.0, false);
  const auto scheduler = MakeScheduler(scheduler_type, pipeline->info().scheduler_config, options, kSteps,
                                       pipeline->info().scheduler_file);
  const auto noise = CounterNoise(2024);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> samples;
  for (int s = 0; s < kSamples; ++s) {
    streams.push_back(noise->Open(s, s, pipeline->info().latent_shape));
    samples.push_back({s, streams.back().get()});
  }
  std::vector<std::unique_ptr<Method>> methods;
  std::vector<const Method*> settings;
  for (const double delta : {0.002, 0.005, 0.01, 0.02, 0.05})
    for (const int max_skips : {2, 4, 6, 8}) {
      methods.push_back(MakeAdaptiveDiffusion({.delta = delta, .max_skips = max_skips}));
      settings.push_back(methods.back().get());
    }
  const auto run = [&](const std::vector<const Method*>& some) {
    return RunTree(*scheduler, *denoiser, samples, some, pipeline->info().latent_shape, at::kFloat, at::kCPU,
                   {.batch_size = 16})
        .full_evaluations;
  };
  run({settings[0]});  // warm-up
  int64_t tree_evaluations = 0, separate_evaluations = 0;
  double tree_s = HUGE_VAL, separate_s = HUGE_VAL;
  int turn = 0;
  const auto tree = [&] { tree_s = std::min(tree_s, Seconds([&] { tree_evaluations = run(settings); })); };
  const auto separate = [&] {
    separate_s = std::min(separate_s, Seconds([&] {
                            separate_evaluations = 0;
                            for (const Method* method : settings) separate_evaluations += run({method});
                          }));
  };
  for (auto _ : state) {
    turn++ % 2 ? tree() : separate();
    turn % 2 ? tree() : separate();
  }
  const double fewer = static_cast<double>(separate_evaluations) / static_cast<double>(tree_evaluations),
               faster = separate_s / tree_s;
  state.counters["evaluations_tree"] = static_cast<double>(tree_evaluations);
  state.counters["evaluations_separate"] = static_cast<double>(separate_evaluations);
  state.counters["fewer"] = fewer;
  state.counters["s_tree"] = tree_s;
  state.counters["s_separate"] = separate_s;
  state.counters["faster"] = faster;
  state.counters["faster_over_fewer"] = faster / fewer;
}

BENCHMARK_CAPTURE(TreeAgainstSeparate, ddim, "ddim", Json{{"clip_sample", false}})
    ->Unit(benchmark::kSecond)
    ->Iterations(2);
BENCHMARK_CAPTURE(TreeAgainstSeparate, dpm_solver_multistep, "dpm_solver_multistep", Json::object())
    ->Unit(benchmark::kSecond)
    ->Iterations(2);
BENCHMARK_CAPTURE(TreeAgainstSeparate, euler, "euler", Json::object())->Unit(benchmark::kSecond)->Iterations(2);

}  // namespace
}  // namespace skipbench
