#include "harness/runtime/device.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <thread>

#include "harness/base/error.h"
#include "harness/runtime/timer.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(Device, ParsesNames) {
  EXPECT_EQ(ParseDevice("cpu"), c10::Device(c10::kCPU));
  if (GpuCount() == 0) {
    EXPECT_EQ(ParseDevice("auto"), c10::Device(c10::kCPU));
  } else {
    EXPECT_EQ(ParseDevice("auto"), c10::Device(c10::kCUDA, 0));
    EXPECT_EQ(ParseDevice("cuda"), c10::Device(c10::kCUDA, 0));
    EXPECT_EQ(ParseDevice("cuda:0"), c10::Device(c10::kCUDA, 0));
  }
}

TEST(Device, RefusesOtherNames) {
  for (const char* name : {"", "gpu", "CPU", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda:99999999999"}) {
    EXPECT_ERROR(ParseDevice(name), "expected \"auto\", \"cpu\", \"cuda\" or \"cuda:N\"");
  }
}

TEST(Device, SaysWhyThereIsNoGpu) {
  if (!BuiltWithCuda()) {
    EXPECT_ERROR(ParseDevice("cuda"), "built without CUDA");
  } else if (GpuCount() == 0) {
    EXPECT_ERROR(ParseDevice("cuda"), "no GPU found");
  }
  if (GpuCount() > 0) EXPECT_ERROR(ParseDevice("cuda:1000"), "of the GPUs that there are: cuda:0 (");
}

TEST(Device, HasAName) { EXPECT_FALSE(DeviceName(c10::kCPU).empty()); }

TEST(Device, OutOfMemoryNamesDeviceWorkAndRemedy) {
  const std::string message = OutOfMemoryMessage(c10::kCPU, "a batch of 32 latents", "lower batch_size (now 32)");
  EXPECT_TRUE(message.starts_with("cpu (" + DeviceName(c10::kCPU) + ") is out of memory for a batch of 32 latents"))
      << message;
  EXPECT_TRUE(message.ends_with(": lower batch_size (now 32)")) << message;
}

TEST(PeakMemory, SeesAnAllocationThatIsGoneAgain) {
  PeakMemory peak(c10::kCPU);
  EXPECT_STREQ(peak.kind(), "process_peak_growth");
  if (!peak.Bytes()) GTEST_SKIP() << "this system does not let a process reset its peak";
  constexpr int64_t kBytes = 64 << 20;
  at::ones({kBytes}, at::kByte);
  EXPECT_GE(*peak.Bytes(), kBytes * 9 / 10);
  EXPECT_LT(*peak.Bytes(), kBytes * 3);
  peak.Reset();
  EXPECT_LT(*peak.Bytes(), kBytes / 2);
}

TEST(PeakMemory, OfAGpuIsItsAllocators) {
  if (GpuCount() == 0) GTEST_SKIP() << "no GPU";
  PeakMemory peak(c10::Device(c10::kCUDA, 0));
  EXPECT_STREQ(peak.kind(), "device_allocator_peak");
  const int64_t before = peak.Bytes().value();
  at::ones({1 << 24}, at::TensorOptions().device(at::kCUDA).dtype(at::kByte));
  EXPECT_GE(peak.Bytes().value(), before + (1 << 24));
}

class TimerTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TimerTest, AddsUpStages) {
  if (std::string(GetParam()) == "cuda" && GpuCount() == 0) GTEST_SKIP() << "no GPU";
  const c10::Device device = ParseDevice(GetParam());
  const at::Tensor a = at::randn({256, 256}, at::TensorOptions().device(device));
  StageTimer timer(device);
  for (int i = 0; i < 3; ++i) {
    const auto stage = timer.Enter("denoiser");
    a.mm(a);
  }
  { const auto stage = timer.Enter("decoder"); }
  const auto seconds = timer.Seconds();
  ASSERT_EQ(seconds.size(), 2u);
  EXPECT_GT(seconds.at("denoiser"), 0);
  EXPECT_GE(seconds.at("decoder"), 0);
  EXPECT_LT(seconds.at("decoder"), seconds.at("denoiser"));
  EXPECT_TRUE(timer.Seconds().empty());
}

INSTANTIATE_TEST_SUITE_P(Devices, TimerTest, ::testing::Values("cpu", "cuda"));

TEST(Stopwatch, CountsTimeThatPasses) {
  Stopwatch watch(c10::kCPU);
  EXPECT_EQ(watch.seconds(), 0);
  watch.Start();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  watch.Stop();
  EXPECT_GE(watch.seconds(), 0.02);
}

}  // namespace
}  // namespace skipbench
