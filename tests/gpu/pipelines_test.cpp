// The pipelines on a GPU against the same on the CPU, on the tiny random models of the fixtures: conditioning,
// trajectories of several methods, pictures. Skipped where there is no GPU.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstdlib>

#include "harness/experiment/plan/plan.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/runtime/device.h"
#include "harness/runtime/noise.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

constexpr int kSteps = 8;
constexpr int64_t kSamples = 3;

struct Case {
  std::string folder;
  std::string scheduler;
};

std::vector<Sample> SamplesFor(const PipelineInfo& info) {
  std::vector<Sample> samples;
  for (int64_t s = 0; s < kSamples; ++s) {
    Sample& sample = samples.emplace_back();
    sample.id = s;
    if (info.needs_caption) sample.caption = s == 0 ? "a red chair" : "two dogs and one cat";
    if (info.needs_label) sample.label = s + 1;
  }
  return samples;
}

std::unique_ptr<Method> Make(const std::string& type, const Json& options) {
  return FindMethodType(type, "test").make(JsonReader(options, "test"));
}

struct Outcome {
  TreeResult tree;
  at::Tensor pictures;
};

Outcome Sampled(const Case& c, at::Device device, at::ScalarType dtype) {
  PipelineOptions options;
  options.device = device;
  options.dtype = dtype;
  if (c.folder.starts_with("video")) options.frames = 4;
  const auto pipeline = LoadPipeline(testing::FixtureRoot() / c.folder, options);
  const auto& info = pipeline->info();
  const auto samples = SamplesFor(info);
  const auto denoiser = pipeline->Encode(samples, info.guided ? 3.0 : 1.0, false);
  const auto scheduler = MakeScheduler(c.scheduler, info.scheduler_config, Json::object(), kSteps, info.scheduler_file);
  std::vector<std::unique_ptr<Method>> methods;
  methods.push_back(Make("full_step", Json::object()));
  methods.push_back(Make("adaptive_diffusion", {{"delta", 0.02}, {"max_skips", 2}}));
  if (pipeline->abilities().cache_positions > 0) methods.push_back(Make("deepcache", {{"interval", 3}, {"branch", 0}}));
  std::vector<const Method*> settings;
  for (const auto& method : methods) settings.push_back(method.get());
  const auto noise = CounterNoise(5);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> tree_samples;
  for (const auto& sample : samples) {
    streams.push_back(noise->Open(sample.id, sample.id, info.latent_shape));
    tree_samples.push_back({sample.id, streams.back().get()});
  }
  TreeOptions tree;
  tree.keep_latents = true;
  Outcome outcome;
  outcome.tree = RunTree(*scheduler, *denoiser, tree_samples, settings, info.latent_shape, dtype, device, tree);
  outcome.pictures =
      pipeline->Decode(at::stack({outcome.tree.records[0][0].final_latent, outcome.tree.records[0][1].final_latent}));
  return outcome;
}

class GpuPipelines : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GpuCount() == 0) GTEST_SKIP() << "no GPU";
    if (!std::filesystem::exists(testing::FixtureRoot() / GetParam().folder))
      GTEST_SKIP() << "no " << GetParam().folder;
    PrepareDevice(gpu_);
  }
  const at::Device gpu_{at::kCUDA, 0};
  c10::InferenceMode inference_;
};

// What a network of tens of layers in float32 loses to another order of its sums, grown over the steps by the guidance.
constexpr double kFloat32 = 2e-4;

TEST_P(GpuPipelines, Float32IsTheCpusUpToRounding) {
  const Outcome cpu = Sampled(GetParam(), at::kCPU, at::kFloat), gpu = Sampled(GetParam(), gpu_, at::kFloat);
  for (size_t m = 0; m < cpu.tree.records.size(); ++m)
    for (int64_t s = 0; s < kSamples; ++s) {
      const auto &a = cpu.tree.records[m][s], &b = gpu.tree.records[m][s];
      ASSERT_EQ(a.decisions, b.decisions) << "method " << m << ", sample " << s;
      ASSERT_TRUE(b.final_latent.is_cuda());
      for (size_t k = 0; k < a.latents.size(); ++k)
        ASSERT_LE(testing::RelativeDiff(b.latents[k].cpu(), a.latents[k]), kFloat32)
            << "method " << m << ", sample " << s << ", call " << k;
    }
  EXPECT_EQ(cpu.tree.full_evaluations, gpu.tree.full_evaluations);
  ASSERT_TRUE(gpu.pictures.is_cpu());
  EXPECT_LE((cpu.pictures.to(at::kInt) - gpu.pictures.to(at::kInt)).abs().max().item<int>(), 1);
}

TEST_P(GpuPipelines, TheSameTwice) {
  const Outcome a = Sampled(GetParam(), gpu_, at::kFloat), b = Sampled(GetParam(), gpu_, at::kFloat);
  for (size_t m = 0; m < a.tree.records.size(); ++m)
    for (int64_t s = 0; s < kSamples; ++s)
      EXPECT_TRUE(a.tree.records[m][s].final_latent.equal(b.tree.records[m][s].final_latent))
          << "method " << m << ", sample " << s;
}

// A graph holds the same kernels; a timestep given as a number or as a tensor of rows may take another product's
// algorithm.
TEST_P(GpuPipelines, RecordedForwardsAreTheSame) {
  ::setenv("SKIPBENCH_CUDA_GRAPHS", "0", 1);
  const Outcome plain = Sampled(GetParam(), gpu_, at::kFloat);
  ::unsetenv("SKIPBENCH_CUDA_GRAPHS");
  const Outcome recorded = Sampled(GetParam(), gpu_, at::kFloat);
  for (size_t m = 0; m < plain.tree.records.size(); ++m)
    for (int64_t s = 0; s < kSamples; ++s) {
      const auto &a = plain.tree.records[m][s], &b = recorded.tree.records[m][s];
      ASSERT_EQ(a.decisions, b.decisions) << "method " << m << ", sample " << s;
      for (size_t k = 0; k < a.latents.size(); ++k)
        ASSERT_LE(testing::RelativeDiff(b.latents[k].cpu(), a.latents[k].cpu()), kFloat32)
            << "method " << m << ", sample " << s << ", call " << k;
    }
}

TEST_P(GpuPipelines, HalfPrecisionRuns) {
  const Outcome exact = Sampled(GetParam(), at::kCPU, at::kFloat);
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
    const Outcome half = Sampled(GetParam(), gpu_, dtype);
    const at::Tensor a = exact.tree.records[0][0].final_latent,
                     b = half.tree.records[0][0].final_latent.cpu().to(at::kFloat);
    // Eight steps of a network whose values carry 11 and 8 bits.
    const double bound = dtype == at::kHalf ? 0.05 : 0.3;
    EXPECT_LE((a - b).norm().item<double>() / a.norm().item<double>(), bound) << c10::toString(dtype);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Tiny, GpuPipelines,
    ::testing::Values(Case{"diffusion/models/sd15-tiny", "ddim"},
                      Case{"diffusion/models/sd15-tiny", "dpm_solver_multistep"},
                      Case{"diffusion/models/sdxl-tiny", "euler"}, Case{"diffusion/models/ldm4-tiny", "ddim"},
                      Case{"diffusion/models/ddpm-cifar-tiny", "ddpm"}, Case{"diffusion/models/ddpm-lsun-tiny", "pndm"},
                      Case{"dit/models/dit-tiny", "ddim"}, Case{"video/models/ms-t2v-tiny", "ddim"}),
    [](const auto& info) {
      std::string name = std::filesystem::path(info.param.folder).filename().string() + "_" + info.param.scheduler;
      for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
      return name;
    });

}  // namespace
}  // namespace skipbench
