#include "harness/runtime/device_graph.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "harness/runtime/device.h"

namespace skipbench {
namespace {

TEST(DeviceGraph, ThereIsNoneOnTheCpu) { EXPECT_EQ(MakeDeviceGraph(c10::kCPU), nullptr); }

class GpuGraph : public ::testing::Test {
 protected:
  void SetUp() override {
    if (GpuCount() == 0) GTEST_SKIP() << "no GPU";
    graph_ = MakeDeviceGraph(gpu_);
    if (!graph_) GTEST_SKIP() << "a build without CUDA's headers";
  }
  const c10::Device gpu_{c10::kCUDA, 0};
  c10::InferenceMode inference_;
  std::unique_ptr<DeviceGraph> graph_;
};

TEST_F(GpuGraph, ReplaysOnNewValues) {
  at::Tensor x = at::full({64, 64}, 2.0, at::TensorOptions().device(gpu_)), y;
  y = at::mm(x, x);
  graph_->Record([&] { y = at::mm(x, x); });
  for (const double value : {1.0, 3.0}) {
    x.fill_(value);
    graph_->Replay();
    EXPECT_EQ(y.min().item<double>(), 64 * value * value);
    EXPECT_EQ(y.max().item<double>(), 64 * value * value);
  }
}

TEST_F(GpuGraph, GraphsThatShareMemoryKeepTheirResults) {
  at::Tensor x = at::ones({1 << 20}, at::TensorOptions().device(gpu_)), y, z;
  graph_->Record([&] { y = (x * 2 + 1) * 3; });
  const auto second = MakeDeviceGraph(gpu_, graph_.get());
  second->Record([&] { z = (x * 5 + 1) * 7; });
  for (int round = 0; round < 3; ++round) {
    graph_->Replay();
    EXPECT_EQ(y.sum().item<double>(), 9.0 * (1 << 20));
    second->Replay();
    EXPECT_EQ(z.sum().item<double>(), 42.0 * (1 << 20));
  }
}

// Work that waits for the device cannot be recorded; what comes after it runs as ever.
TEST_F(GpuGraph, ErrorsLeaveTheDeviceUsable) {
  const at::Tensor x = at::ones({16}, at::TensorOptions().device(gpu_));
  EXPECT_ANY_THROW(graph_->Record([&] { x.sum().item<float>(); }));
  EXPECT_EQ((x + 1).sum().item<float>(), 32);
  const auto next = MakeDeviceGraph(gpu_);
  at::Tensor y;
  next->Record([&] { y = x + 2; });
  next->Replay();
  EXPECT_EQ(y.sum().item<float>(), 48);
}

}  // namespace
}  // namespace skipbench
