// One forward of the shipped model's U-Net (batch rows, each with its own text), as scripts/compare_with_diffusers.py
// times it in diffusers: sample [batch, 4, 16, 16], context [batch, 32, 96]. Nothing is cached between forwards, as
// there.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "harness/models/load.h"

namespace skipbench {
namespace {

const Network& Shipped() {
  static const auto network =
      LoadFolder<Network>(std::filesystem::path(SKIPBENCH_SOURCE_DIR) / "datasets/fashion_scenes/model/unet");
  return *network;
}

void Forward(benchmark::State& state) {
  c10::InferenceMode inference;
  const int64_t batch = state.range(0);
  NetworkInputs inputs;
  inputs.sample = at::randn({batch, 4, 16, 16});
  inputs.timestep = 500;
  inputs.conditioning["encoder_hidden_states"] = at::randn({batch, 32, 96});
  for (auto _ : state) benchmark::DoNotOptimize(Shipped().Forward(inputs));
  state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK(Forward)->Name("unet_forward/fashion_scenes")->Arg(2)->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace skipbench
