// The pipelines on other devices against the same on the CPU, on the tiny random models of the fixtures: on the
// stand-in for a GPU, and on every GPU there is.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/base/error.h"
#include "harness/runtime/device.h"
#include "tests/gpu/host_device.h"
#include "tests/gpu/sampled_run.h"

namespace skipbench {
namespace {

using testing::HostDevice;
using testing::kRunSamples;
using testing::SampledRun;
using testing::SmallModel;

struct Outcome {
  TreeResult tree;
  at::Tensor pictures;
};

Outcome Sampled(const SmallModel& model, at::Device device, at::ScalarType dtype) {
  PrepareDevice(device);
  const SampledRun run(model, device, dtype);
  TreeOptions options;
  options.keep_latents = true;
  Outcome outcome{run.Run(options), {}};
  outcome.pictures = run.Pictures(outcome.tree);
  return outcome;
}

// What a network of tens of layers in float32 loses to another order of its sums, grown over the steps by the guidance.
constexpr double kFloat32 = 2e-4;

void ExpectAlike(const Outcome& a, const Outcome& b, at::Device device) {
  for (size_t m = 0; m < a.tree.records.size(); ++m)
    for (int64_t s = 0; s < kRunSamples; ++s) {
      const auto &one = a.tree.records[m][s], &other = b.tree.records[m][s];
      ASSERT_EQ(one.decisions, other.decisions) << "method " << m << ", sample " << s;
      ASSERT_EQ(other.final_latent.device(), device);
      for (size_t k = 0; k < one.latents.size(); ++k)
        ASSERT_LE(testing::RelativeDiff(other.latents[k].cpu(), one.latents[k].cpu()), kFloat32)
            << "method " << m << ", sample " << s << ", call " << k;
    }
  EXPECT_EQ(a.tree.full_evaluations, b.tree.full_evaluations);
  EXPECT_EQ(a.tree.shallow_evaluations, b.tree.shallow_evaluations);
  ASSERT_TRUE(b.pictures.is_cpu());
  EXPECT_LE((a.pictures.to(at::kInt) - b.pictures.to(at::kInt)).abs().max().item<int>(), 1);
}

class DevicePipelines : public ::testing::TestWithParam<SmallModel> {
 protected:
  void SetUp() override {
    if (!GetParam().exists()) GTEST_SKIP() << "no " << GetParam().folder;
  }
  c10::InferenceMode inference_;
};

TEST_P(DevicePipelines, TheStandInComesToTheCpusResults) {
  const Outcome cpu = Sampled(GetParam(), at::kCPU, at::kFloat);
  ExpectAlike(cpu, Sampled(GetParam(), HostDevice(), at::kFloat), HostDevice());
}

class GpuPipelines : public DevicePipelines {
 protected:
  void SetUp() override {
    if (GpuCount() == 0) GTEST_SKIP() << "no GPU";
    DevicePipelines::SetUp();
  }
  const at::Device gpu_{at::kCUDA, 0};
};

TEST_P(GpuPipelines, Float32IsTheCpusUpToRounding) {
  const Outcome cpu = Sampled(GetParam(), at::kCPU, at::kFloat);
  for (int index = 0; index < GpuCount(); ++index) {
    const at::Device gpu(at::kCUDA, static_cast<at::DeviceIndex>(index));
    ExpectAlike(cpu, Sampled(GetParam(), gpu, at::kFloat), gpu);
  }
}

TEST_P(GpuPipelines, TheSameTwice) {
  const Outcome a = Sampled(GetParam(), gpu_, at::kFloat), b = Sampled(GetParam(), gpu_, at::kFloat);
  for (size_t m = 0; m < a.tree.records.size(); ++m)
    for (int64_t s = 0; s < kRunSamples; ++s)
      EXPECT_TRUE(a.tree.records[m][s].final_latent.equal(b.tree.records[m][s].final_latent))
          << "method " << m << ", sample " << s;
}

// A graph holds the same kernels; a timestep given as a number or as a tensor of rows may take another product's
// algorithm.
TEST_P(GpuPipelines, RecordedForwardsAreTheSame) {
  ::setenv("SKIPBENCH_CUDA_GRAPHS", "0", 1);
  const Outcome plain = Sampled(GetParam(), gpu_, at::kFloat);
  ::unsetenv("SKIPBENCH_CUDA_GRAPHS");
  ExpectAlike(plain, Sampled(GetParam(), gpu_, at::kFloat), gpu_);
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

const auto kName = [](const auto& info) { return info.param.Name(); };
INSTANTIATE_TEST_SUITE_P(Tiny, DevicePipelines, ::testing::ValuesIn(testing::SmallModels()), kName);
INSTANTIATE_TEST_SUITE_P(Tiny, GpuPipelines, ::testing::ValuesIn(testing::SmallModels()), kName);

}  // namespace
}  // namespace skipbench
