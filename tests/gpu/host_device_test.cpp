// The stand-in for a GPU refuses and counts what it says.
#include "tests/gpu/host_device.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "harness/runtime/device_index.h"

namespace skipbench {
namespace {

using testing::HostDevice;
using testing::TakeTraffic;

class HostDeviceTest : public ::testing::Test {
 protected:
  void SetUp() override { TakeTraffic(); }
  const at::TensorOptions there_ = at::TensorOptions().device(HostDevice());
  c10::InferenceMode inference_;
};

TEST_F(HostDeviceTest, ComputesAsTheCpu) {
  const at::Tensor a = at::arange(12, at::kFloat).view({3, 4}), b = at::full({4, 2}, 0.5);
  const at::Tensor x = a.to(HostDevice()), y = b.to(HostDevice());
  EXPECT_EQ(x.device(), HostDevice());
  EXPECT_TRUE(at::mm(x, y).add_(1).cpu().equal(at::mm(a, b).add_(1)));
  EXPECT_TRUE(at::cat({x, x.flip(0)}, 1)
                  .transpose(0, 1)
                  .contiguous()
                  .cpu()
                  .equal(at::cat({a, a.flip(0)}, 1).transpose(0, 1).contiguous()));
  EXPECT_TRUE(at::scaled_dot_product_attention(x.view({1, 1, 3, 4}), x.view({1, 1, 3, 4}), x.view({1, 1, 3, 4}))
                  .cpu()
                  .allclose(at::scaled_dot_product_attention(a.view({1, 1, 3, 4}), a.view({1, 1, 3, 4}),
                                                             a.view({1, 1, 3, 4}))));
}

TEST_F(HostDeviceTest, ViewsShareMemory) {
  const at::Tensor x = at::zeros({3, 4}, there_), row = x.select(0, 1);
  row.fill_(7);
  EXPECT_TRUE(row.is_alias_of(x));
  EXPECT_EQ(x.sum().item<double>(), 28);
  const at::Tensor both = at::zeros({2, 4}, there_);
  at::Tensor out = both.narrow(0, 1, 1);
  at::index_select_out(out, x, 0, DeviceIndex(std::vector<int64_t>{1}, HostDevice()));
  EXPECT_EQ(both.sum().item<double>(), 28);
}

TEST_F(HostDeviceTest, CountsWhatTheHostWaitsFor) {
  const at::Tensor x = at::ones({8}, there_);
  at::add(x, 1).mul_(2);
  DeviceIndex(std::vector<int64_t>{1, 2}, HostDevice());
  auto traffic = TakeTraffic();
  EXPECT_EQ(traffic.waits(), 0);
  EXPECT_EQ(traffic.uploads, 1);
  EXPECT_GE(traffic.operators, 3);
  x.cpu();
  x.sum().item<float>();
  at::ones({2}).to(HostDevice());
  x.nonzero();
  traffic = TakeTraffic();
  EXPECT_EQ(traffic.copies_to_host, 1);
  EXPECT_EQ(traffic.bytes_to_host, 32);
  EXPECT_EQ(traffic.scalars_to_host, 1);
  EXPECT_EQ(traffic.uploads_waited_for, 1);
  EXPECT_EQ(traffic.sizes_waited_for, 1);
  EXPECT_EQ(traffic.waits(), 4);
}

TEST_F(HostDeviceTest, RefusesTensorsOfTheHost) {
  const at::Tensor x = at::ones({3}, there_);
  EXPECT_THROW(x + at::ones({3}), c10::Error);
  EXPECT_THROW(x.index_select(0, at::tensor({1})), c10::Error);
  EXPECT_EQ((x + at::scalar_tensor(2.0, at::kFloat)).sum().item<float>(), 9);
}

TEST_F(HostDeviceTest, ItsMemoryIsNotTheHosts) {
  const at::Tensor x = at::ones({3}, there_);
  EXPECT_DEATH(static_cast<void>(*static_cast<const volatile float*>(x.const_data_ptr())), "");
}

TEST_F(HostDeviceTest, MayHaveTooLittleMemory) {
  testing::LimitHostDevice(1 << 10);
  EXPECT_THROW(at::zeros({1 << 10}, there_), c10::OutOfMemoryError);
  testing::LimitHostDevice(0);
  EXPECT_EQ(at::zeros({1 << 10}, there_).numel(), 1 << 10);
}

}  // namespace
}  // namespace skipbench
