// The criterion's sums of third differences alone, on the CPU and, where there is one, on a GPU: latents of SD 1.5 at
// 512 x 512 (edge 64) and SDXL at 1024 x 1024 (edge 128) in float16, float32. Arguments: samples, edge. On a GPU the
// device is waited for once after 100 launches, so that a launch's own time counts, not the waiting.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <vector>

#include "harness/runtime/device.h"
#include "harness/sampling/difference_sums.h"

namespace skipbench {
namespace {

void Sums(benchmark::State& state, at::Device device, at::ScalarType dtype) {
  c10::InferenceMode inference;
  std::vector<at::Tensor> history;
  for (int i = 0; i < 4; ++i)
    history.push_back(at::randn({state.range(0), 4, state.range(1), state.range(1)}).to(device, dtype));
  const int launches = device.is_cpu() ? 1 : 100;
  benchmark::DoNotOptimize(ComputeDifferenceSums(history, 3));
  Synchronize(device);
  for (auto _ : state) {
    for (int i = 0; i < launches; ++i) benchmark::DoNotOptimize(ComputeDifferenceSums(history, 3));
    Synchronize(device);
  }
  const double bytes = 4.0 * static_cast<double>(history[0].numel()) * static_cast<double>(at::elementSize(dtype));
  state.counters["us_per_call"] =
      benchmark::Counter(launches * 1e-6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["GB_per_s"] =
      benchmark::Counter(launches * bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void Register(const std::string& where, at::Device device) {
  for (const at::ScalarType dtype : {at::kHalf, at::kFloat})
    benchmark::RegisterBenchmark((where + "/" + c10::toString(dtype)).c_str(), Sums, device, dtype)
        ->Args({1, 64})
        ->Args({32, 64})
        ->Args({1, 128})
        ->Args({32, 128})
        ->UseRealTime();
}

// benchmark_main calls RegisterBenchmarks' results: registration before main() is Google Benchmark's own way.
const bool registered = [] {
  Register("cpu", at::kCPU);
  if (GpuCount() > 0) Register(HasDifferenceSumsKernel() ? "gpu_fused" : "gpu_operators", at::Device(at::kCUDA, 0));
  return true;
}();

}  // namespace
}  // namespace skipbench
