// What caches cost beside the network: a call of the sampler (probe sums, the criterion's sums, decisions, weighted
// sums, gathering, the scheduler) with a network that costs nothing, in the shapes of DiT-XL/2 at 256 x 256 (28 blocks,
// 256 tokens of 1152 values, float32), against a forward of DiT-XL/2 with as many rows. The argument is the number of
// samples; the methods are set so that nearly every call forecasts or reuses, or about half of the rows do.
//
// percent_of_forward: the mean call, of a forward, both in the processor's time (run it with OMP_WAIT_POLICY=passive:
// threads that spin count). The forward is measured once, with two of the 28 blocks and random weights, and multiplied
// by 14.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <map>

#include "harness/models/load.h"
#include "harness/runtime/noise.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

constexpr int64_t kLatent[] = {4, 32, 32};
constexpr int64_t kTokens = 256, kWidth = 1152;
constexpr int kBlocks = 28, kMeasuredBlocks = 2;
constexpr int kSteps = 20;

// Of the processor, all threads together: what else runs on the machine counts little.
double ProcessorSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// DiT-XL/2 with fewer blocks and random weights.
std::unique_ptr<Network> MakeDiT() {
  const Json json = {{"_class_name", "DiTTransformer2DModel"}, {"num_layers", kMeasuredBlocks}, {"out_channels", 8}};
  const JsonReader config(json, "benchmark");
  const Weights shapes = Weights::ShapesOnly();
  MakeNetwork(config, shapes);
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, shape] : shapes.taken()) tensors[name] = at::randn(shape) * 0.02;
  const auto file = std::filesystem::temp_directory_path() / ("cache_overhead" + std::to_string(getpid()));
  WriteTensorFile(file, tensors);
  const Weights weights = Weights::FromFile(file);
  auto network = Build<Network>(config, weights);
  std::filesystem::remove(file);
  return network;
}

// The best of two forwards of `rows` rows through all blocks, in seconds.
double ForwardSeconds(int64_t rows) {
  static const auto network = MakeDiT();
  static std::map<int64_t, double> known;
  if (known.contains(rows)) return known[rows];
  NetworkInputs inputs;
  inputs.sample = at::randn({rows, 4, 32, 32});
  inputs.timestep = 500;
  inputs.conditioning["class_labels"] = at::full({rows}, 7, at::kLong);
  double best = 1e9;
  for (int i = 0; i < 2; ++i) {
    const double start = ProcessorSeconds();
    network->Forward(inputs);
    best = std::min(best, ProcessorSeconds() - start);
  }
  return known[rows] = best * kBlocks / kMeasuredBlocks;
}

// Hands out stored tensors by turns, as many as a ring holds at most: each row is larger or smaller than its neighbour
// by a factor of its own, so that a threshold in the middle lets some rows compute and others not.
class FreeDiT : public Denoiser {
 public:
  explicit FreeDiT(int64_t rows) : rows_(rows) {}
  DenoiserOutput Predict(const DenoiserInput& input) override {
    DenoiserOutput output;
    const int64_t n = input.sample.size(0);
    output.model_output = Next({CacheSite::Level::kOutput}, n);
    for (const CacheSite& site : input.keep) output.kept[site] = Next(site, n);
    return output;
  }
  std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput& input, const ProbeSite&) override {
    auto probe = std::make_unique<DenoiserProbe>();
    probe->signal = Next({CacheSite::Level::kHidden, 1}, input.sample.size(0));
    return probe;
  }
  int guidance_rows() const override { return 1; }
  at::Tensor Guide(const at::Tensor& model_output) const override { return model_output.select(0, 0); }
  NetworkAbilities abilities() const override {
    NetworkAbilities can{.blocks = kBlocks, .modules = kAttentionModule | kFeedForwardModule};
    can.signals.insert({ProbeSite::Signal::kFront, ProbeSite::Signal::kModulatedInput});
    return can;
  }
  MacCount Macs(const Work&) const override { return {}; }

 private:
  static std::vector<int64_t> RowOf(const CacheSite& site) {
    if (site.level == CacheSite::Level::kOutput) return {kLatent[0], kLatent[1], kLatent[2]};
    if (site.level == CacheSite::Level::kModules) return {2 * kBlocks * kTokens * kWidth};
    return {kTokens, kWidth};
  }
  at::Tensor Next(const CacheSite& site, int64_t n) {
    constexpr size_t kTurns = 4;
    std::vector<at::Tensor>& blocks = stored_[site];
    size_t& turn = turns_[site];
    if (blocks.size() < kTurns) {
      std::vector<int64_t> shape = RowOf(site);
      shape.insert(shape.begin(), {1, rows_});
      std::vector<int64_t> factors(shape.size(), 1);
      factors[1] = rows_;
      blocks.push_back(at::empty(shape).uniform_(-1, 1).mul_(at::rand(factors) + 0.5));
    }
    return blocks[turn++ % kTurns].narrow(1, 0, n);
  }

  const int64_t rows_;
  std::map<CacheSite, std::vector<at::Tensor>> stored_;
  std::map<CacheSite, size_t> turns_;
};

class StoredNoise : public NoiseStream {
 public:
  at::Tensor Draw(int) override { return noise_; }

 private:
  at::Tensor noise_ = at::randn(kLatent);
};

void CacheCall(benchmark::State& state, const std::string& type, const Json& options) {
  const c10::InferenceMode inference;
  const int64_t n = state.range(0);
  const auto scheduler = MakeScheduler("ddim", Json::object(), Json::object(), kSteps, "benchmark");
  const auto method = FindMethodType(type, "benchmark").make(JsonReader(options, "benchmark"));
  const double forward = ForwardSeconds(n);
  FreeDiT denoiser(n);
  StoredNoise noise;
  std::vector<TreeSample> samples;
  for (int64_t s = 0; s < n; ++s) samples.push_back({s, &noise});
  TreeOptions tree;
  tree.batch_size = n;
  const auto run = [&] {
    const auto result = RunTree(*scheduler, denoiser, samples, {method.get()}, kLatent, at::kFloat, at::kCPU, tree);
    int64_t computed = 0;
    for (const auto& record : result.records[0])
      for (const Decision& decision : record.decisions) computed += decision.action == Action::kPredict;
    return static_cast<double>(computed) / static_cast<double>(n * kSteps);
  };
  state.counters["computed"] = run();  // the stored tensors are there before anything is measured
  double best = 1e9;
  for (auto _ : state) {
    const double start = ProcessorSeconds();
    run();
    best = std::min(best, (ProcessorSeconds() - start) / kSteps);
  }
  state.counters["ms_per_call"] = 1e3 * best;
  state.counters["forward_s"] = forward;
  state.counters["percent_of_forward"] = 100 * best / forward;
}

#define CACHE_CALL(name, rows, type, ...) \
  BENCHMARK_CAPTURE(CacheCall, name, type, Json(__VA_ARGS__))->Arg(rows)->Unit(benchmark::kMillisecond)->UseRealTime()

CACHE_CALL(full_step, 32, "full_step", Json::object());
CACHE_CALL(easy_cache, 32, "easy_cache", {{"thresh", 1e5}, {"ret_steps", 2}});
CACHE_CALL(sada, 32, "sada", {{"acc_start", 4}, {"acc_end", 18}});
CACHE_CALL(sea_cache, 32, "sea_cache", {{"threshold", 1e5}});
CACHE_CALL(tea_cache_all_reuse, 32, "tea_cache", {{"rel_l1_thresh", 1e5}});
CACHE_CALL(first_block_cache_all_reuse, 32, "first_block_cache", {{"threshold", 1e5}});
CACHE_CALL(first_block_cache_some_reuse, 32, "first_block_cache", {{"threshold", 1.3}});
CACHE_CALL(db_cache_taylorseer, 32, "db_cache",
           {{"residual_diff_threshold", 1.3},
            {"max_warmup_steps", 3},
            {"Fn_compute_blocks", 1},
            {"calibrator", "taylorseer"},
            {"taylorseer_order", 2}});
CACHE_CALL(taylor_seer_output, 32, "taylor_seer", {{"interval", 9}, {"max_order", 2}, {"level", "output"}});
CACHE_CALL(taylor_seer_last_block, 32, "taylor_seer", {{"interval", 9}, {"max_order", 2}, {"level", "last_block"}});
CACHE_CALL(taylor_seer_residual, 32, "taylor_seer", {{"interval", 9}, {"max_order", 2}, {"level", "residual"}});
CACHE_CALL(taylor_seer_modules, 4, "taylor_seer", {{"interval", 9}, {"max_order", 2}, {"level", "modules"}});

}  // namespace
}  // namespace skipbench
