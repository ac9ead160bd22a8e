// Whole runs on the stand-in for a GPU: what they write, what extensions take, and what is said where memory ends.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/experiment/plan/out_of_memory.h"
#include "harness/experiment/run/run_experiment.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/store/result_reader.h"
#include "tests/gpu/host_device.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::HostDevice;
using testing::LimitHostDevice;
using testing::TempDir;

class WholeRun : public ::testing::Test {
 protected:
  void SetUp() override {
    HostDevice();
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no " << folder_;
  }
  void TearDown() override { LimitHostDevice(0); }

  // Of SD 1.5 with random weights, tiny, and a few captions.
  Plan PlanOn(at::Device device, const Json& keys = Json::object()) const {
    Json config = {{"pipeline", folder_.string()},
                   {"scheduler", "ddim"},
                   {"steps", 6},
                   {"guidance", 4.0},
                   {"threads", 1},
                   {"data", {{"type", "prompts"}, {"prompts", {"a red chair", "two dogs"}}}},
                   {"methods", {"full_step", {{"type", "adaptive_diffusion"}, {"delta", 0.02}}}},
                   {"metrics", {"psnr"}},
                   {"save", {"images"}}};
    config.update(keys);
    testing::WriteFile(temp_ / "c.json", config.dump());
    const c10::InferenceMode inference;  // the stand-in's tensors know nothing of gradients
    Plan plan = MakePlan(ReadExperimentConfig(temp_ / "c.json", {}), {});
    if (device.is_cpu()) return plan;
    PipelineOptions options = plan.pipeline->options();
    options.device = plan.device = device;
    plan.pipeline = LoadPipeline(folder_, options);
    return plan;
  }
  template <typename F>
  static std::string MessageWithin(int64_t bytes, F work) {
    LimitHostDevice(bytes);
    std::string said = "nothing";
    try {
      work();
    } catch (const OutOfMemoryError& error) {
      said = error.what();
    }
    LimitHostDevice(0);
    return said;
  }

  const std::filesystem::path folder_ = testing::FixtureRoot() / "diffusion/models/sd15-tiny";
  TempDir temp_;
};

TEST_F(WholeRun, WritesWhatTheCpuWrites) {
  for (const at::Device device : {at::Device(at::kCPU), HostDevice()}) {
    Plan plan = PlanOn(device, {{"keep", "all"}, {"traces", true}});
    const RunSummary run = RunExperiment(plan, {.out = temp_ / device.str(), .quiet = true});
    EXPECT_EQ(run.samples_done, 2);
    EXPECT_EQ(run.failed, 0);
  }
  const auto cpu = ResultReader::Open(temp_ / "cpu"), other = ResultReader::Open(temp_ / HostDevice().str());
  for (const size_t setting : {0u, 1u}) {
    EXPECT_EQ(cpu.Read<double>(setting, "nfe").values, other.Read<double>(setting, "nfe").values);
    const auto a = cpu.Read<double>(setting, "psnr").values, b = other.Read<double>(setting, "psnr").values;
    for (size_t s = 0; s < a.size(); ++s)
      if (std::isfinite(a[s])) EXPECT_NEAR(a[s], b[s], 0.2);
  }
}

// Kept outputs are hashed on the host: a run that extends another finds them there.
TEST_F(WholeRun, ExtensionsFindWhatWasKept) {
  Plan first = PlanOn(HostDevice(), {{"keep", "all"}});
  const auto made = RunExperiment(first, {.out = temp_ / "first", .quiet = true});
  const Json more = {{"type", "adaptive_diffusion"}, {"delta", 0.03}};
  Plan second = PlanOn(HostDevice(), {{"methods", {"full_step", more}}});
  const auto extended =
      RunExperiment(second, {.out = temp_ / "second", .quiet = true, .others = {}, .extend = {temp_ / "first"}});
  EXPECT_EQ(extended.failed, 0);
  EXPECT_EQ(extended.taken, 2);  // the full run of both samples
  EXPECT_LT(extended.evaluations, made.evaluations);
}

TEST_F(WholeRun, TooLargeBatchesAreNamedWhereverTheyAre) {
  const c10::InferenceMode inference;
  const Plan plan = PlanOn(HostDevice(), {{"batch_size", 2}});
  EXPECT_THAT(MessageWithin(64, [&] { plan.Encode(plan.samples, 4.0); }),
              AllOf(HasSubstr("out of memory for a batch of 2 samples' texts"), HasSubstr("through the encoders"),
                    HasSubstr("lower batch_size (now 2), or bound open trajectories with \"memory\"")));
  const auto denoiser = plan.Encode(plan.samples, 4.0);
  std::vector<int64_t> shape = plan.pipeline->info().latent_shape, rows = {0, 1};
  shape.insert(shape.begin(), 2);
  DenoiserInput input;
  input.sample = at::ones(shape, at::TensorOptions().device(HostDevice()));
  input.conditioning = rows;
  const auto predict = [&] { denoiser->Predict(input); };
  EXPECT_THAT(MessageWithin(64, predict),
              AllOf(HasSubstr("a batch of 2 latents [4, "), HasSubstr(", twice for guidance,"),
                    HasSubstr("in Float through the network: lower batch_size")));
  EXPECT_EQ(MessageWithin(0, predict), "nothing");
  EXPECT_THAT(MessageWithin(64, [&] { plan.Decode(input.sample); }),
              HasSubstr("through the decoder: lower batch_size"));
  // One row cannot be lowered.
  input.sample = input.sample.narrow(0, 0, 1);
  input.conditioning = std::span(rows).first(1);
  EXPECT_THAT(MessageWithin(64, predict), HasSubstr("choose a smaller height and width, or dtype float16 or bfloat16"));
}

// A run ends: one by one it would take hours longer, and the samples are not at fault.
TEST_F(WholeRun, EndsWhereMemoryDoes) {
  Plan plan = PlanOn(HostDevice());
  EXPECT_THAT(MessageWithin(1 << 13, [&] { RunExperiment(plan, {.out = temp_ / "out", .quiet = true}); }),
              HasSubstr("is out of memory for a batch of"));
}

}  // namespace
}  // namespace skipbench
