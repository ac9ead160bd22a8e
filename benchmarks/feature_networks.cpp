// Features of pictures of the shipped model's size, LPIPS, and the Frechet distance of 2048 dimensions. Weights are
// looked for in SKIPBENCH_METRIC_WEIGHTS (scripts/compare_metrics.py --weights-only FOLDER makes some by formula); what
// has none is skipped.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "harness/stats/frechet.h"
#include "metrics/backbones/feature_network.h"
#include "metrics/lpips.h"

namespace skipbench {
namespace {

void Features(benchmark::State& state, const std::string& name, at::IntArrayRef sample) {
  c10::InferenceMode inference;
  std::unique_ptr<FeatureNetwork> network;
  try {
    network = OpenFeatureNetwork(name);
  } catch (const MissingWeightsError&) {
    state.SkipWithError("no weights");
    return;
  }
  std::vector<int64_t> shape = {state.range(0)};
  shape.insert(shape.end(), sample.begin(), sample.end());
  const at::Tensor pictures = at::randint(256, shape, at::kByte);
  network->Features(pictures);
  for (auto _ : state) benchmark::DoNotOptimize(network->Features(pictures));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void InceptionClean(benchmark::State& state) { Features(state, "inception:clean", {3, 64, 64}); }
void InceptionPytorchFid(benchmark::State& state) { Features(state, "inception:pytorch_fid", {3, 64, 64}); }
void I3dClips(benchmark::State& state) { Features(state, "i3d", {16, 3, 64, 64}); }
void Fashion(benchmark::State& state) { Features(state, "fashion", {3, 64, 64}); }

void LpipsPairs(benchmark::State& state, const char* net) {
  c10::InferenceMode inference;
  std::unique_ptr<Lpips> lpips;
  try {
    lpips = Lpips::Open(net);
  } catch (const MissingWeightsError&) {
    state.SkipWithError("no weights");
    return;
  }
  const at::Tensor a = at::randint(256, {state.range(0), 3, 64, 64}, at::kByte),
                   b = at::randint(256, {state.range(0), 3, 64, 64}, at::kByte);
  lpips->Distance(a, b);
  for (auto _ : state) benchmark::DoNotOptimize(lpips->Distance(a, b));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Covariances of 3000 samples of as many dimensions as asked for.
void Distance(benchmark::State& state) {
  const int64_t d = state.range(0);
  Gaussian sets[2];
  for (Gaussian& set : sets) {
    const at::Tensor x = at::randn({3 * d / 2, d}, at::kDouble).matmul(at::randn({d, d}, at::kDouble)) / 10;
    const at::Tensor covariance = x.t().matmul(x) / static_cast<double>(x.size(0) - 1);
    set.mean = Eigen::VectorXd::Random(d);
    set.covariance = Eigen::Map<const Eigen::MatrixXd>(covariance.const_data_ptr<double>(), d, d);
    set.covariance = (set.covariance + set.covariance.transpose()).eval() / 2;
  }
  for (auto _ : state) benchmark::DoNotOptimize(FrechetDistance(sets[0], sets[1]).distance);
}

BENCHMARK(InceptionClean)->Arg(1)->Arg(8)->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(InceptionPytorchFid)->Arg(8)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(I3dClips)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(Fashion)->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(LpipsPairs, alex, "alex")->Arg(16)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(LpipsPairs, vgg, "vgg")->Arg(16)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(Distance)->Arg(128)->Arg(2048)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace skipbench
