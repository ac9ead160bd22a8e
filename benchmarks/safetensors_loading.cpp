// Opening a safetensors file, and taking all its tensors as float32: the shipped U-Net (5.5 MB of float16).
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "harness/io/files/safetensors.h"
#include "harness/models/load.h"

namespace skipbench {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(SKIPBENCH_SOURCE_DIR) / "datasets/fashion_scenes/model/unet";

void OpenFile(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(SafetensorsFile::Open(kFolder / "diffusion_pytorch_model.safetensors"));
}

void LoadNetwork(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(LoadFolder<Network>(kFolder));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(std::filesystem::file_size(
                                                   kFolder / "diffusion_pytorch_model.safetensors")));
}

BENCHMARK(OpenFile);
BENCHMARK(LoadNetwork)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skipbench
