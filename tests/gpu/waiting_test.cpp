// When the host waits for the device: counted on the stand-in for a GPU.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "harness/sampling/denoiser.h"
#include "tests/gpu/host_device.h"
#include "tests/gpu/sampled_run.h"

namespace skipbench {
namespace {

using testing::DeviceTraffic;
using testing::HostDevice;
using testing::kRunSamples;
using testing::SampledRun;
using testing::SmallModel;
using testing::TakeTraffic;

std::string Told(const DeviceTraffic& traffic) {
  return fmt::format("{} operators, {} uploads, {} bytes to the host; waits: {}", traffic.operators, traffic.uploads,
                     traffic.bytes_to_host, traffic.waits_by_operator);
}

class Waiting : public ::testing::TestWithParam<SmallModel> {
 protected:
  void SetUp() override {
    if (!GetParam().exists()) GTEST_SKIP() << "no " << GetParam().folder;
  }
  c10::InferenceMode inference_;
};

// All settings side by side: one copy of their sums in a call, and one at the end.
TEST_P(Waiting, OneCopyACall) {
  const SampledRun run(GetParam(), HostDevice(), at::kFloat);
  run.Run({}, 0);  // what is made once for a run is there
  TakeTraffic();
  run.Run({});
  const DeviceTraffic traffic = TakeTraffic();
  EXPECT_LE(traffic.copies_to_host, run.scheduler().calls() + 1) << Told(traffic);
  EXPECT_EQ(traffic.waits(), traffic.copies_to_host) << Told(traffic);
  const auto lanes = static_cast<int64_t>(run.methods().size()) * kRunSamples;
  EXPECT_LE(traffic.bytes_to_host, run.scheduler().calls() * lanes * 4096) << Told(traffic);
}

// Nobody looks at a full run's sums before its end.
TEST_P(Waiting, FullStepWaitsOnceAtTheEnd) {
  const SampledRun run(GetParam(), HostDevice(), at::kFloat);
  run.Run({}, 0);
  TakeTraffic();
  run.Run({}, 0);
  const DeviceTraffic traffic = TakeTraffic();
  EXPECT_EQ(traffic.waits(), 1) << Told(traffic);
}

// What a graph can hold: from the second forward of a kind on there is no copy between host and device.
TEST_P(Waiting, ForwardsStayOnTheDevice) {
  SampledRun run(GetParam(), HostDevice(), at::kFloat);
  std::vector<int64_t> shape = run.pipeline().info().latent_shape, rows = {0, 1};
  shape.insert(shape.begin(), kRunSamples);
  DenoiserInput input;
  input.sample = at::ones(shape, at::TensorOptions().device(HostDevice()));
  input.conditioning = rows;
  const NetworkAbilities can = run.denoiser().abilities();
  std::vector<std::vector<CacheSite>> kinds = {{}};
  if (can.cache_positions > 0) kinds.push_back({{.front = 0}});
  if (can.blocks > 2) kinds.push_back({{.front = 1, .back = 1}, {.level = CacheSite::Level::kHidden}});
  if (can.modules != 0) kinds.push_back({{.level = CacheSite::Level::kModules, .modules = can.modules}});
  for (const auto& keep : kinds) {
    DenoiserOutput made;
    for (const double timestep : {600.0, 400.0}) {
      TakeTraffic();
      input.keep = keep;
      input.site = {};
      input.timestep = timestep;
      made = run.denoiser().Predict(input);
    }
    const DeviceTraffic full = TakeTraffic();
    EXPECT_EQ(full.waits() + full.uploads, 0) << keep.size() << " sites: " << Told(full);
    for (const CacheSite& site : keep) {
      input.keep = {};
      input.site = site;
      input.cached = made.kept.at(site);
      run.denoiser().Predict(input);
      const DeviceTraffic partial = TakeTraffic();
      EXPECT_EQ(partial.waits() + partial.uploads, 0) << ToString(site) << ": " << Told(partial);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, Waiting, ::testing::ValuesIn(testing::SmallModels()),
                         [](const auto& info) { return info.param.Name(); });

}  // namespace
}  // namespace skipbench
