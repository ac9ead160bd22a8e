// DiT against diffusers 0.42.1: its network on several sizes, block by block, and whole trajectories from class labels.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "harness/pipelines/load_pipeline.h"
#include "tests/fixtures_trajectories/trajectory_case.h"

namespace skipbench {
namespace {

using testing::Manifest;
using Tensors = std::map<std::string, at::Tensor>;

// Ten times the difference between float32 and float64 that is recorded with the case, and float32's rounding of the
// largest value.
void ExpectNear(const Json& c, const std::string& name, const at::Tensor& value, const at::Tensor& expected) {
  ASSERT_EQ(value.sizes(), expected.sizes()) << name;
  const double noise = c.at("f32_f64").at("max_abs");
  EXPECT_LE(testing::MaxAbsDiff(value, expected), 10 * noise + 2e-6 * expected.abs().max().item<double>()) << name;
}

void CheckForward(const Manifest& manifest, const Json& c) {
  const auto tensors = testing::LoadTensors(manifest.folder / c.at("safetensors").get<std::string>());
  const auto network = LoadFolder<Network>(manifest.folder / c.at("model").get<std::string>() / "transformer");
  NetworkInputs inputs;
  inputs.sample = tensors.at("in.hidden_states");
  inputs.timesteps = tensors.at("in.timestep");
  inputs.conditioning["class_labels"] = tensors.at("in.class_labels");
  Tensors seen;
  inputs.observe = [&](const std::string& block, const at::Tensor& output) { seen[block] = output; };
  ExpectNear(c, "output", network->Forward(inputs).sample, tensors.at("output"));
  ExpectNear(c, "embedded", seen.at("pos_embed"), tensors.at("embedded"));
  for (const auto& [name, expected] : tensors)
    if (name.starts_with("block.")) ExpectNear(c, name, seen.at(name.substr(6)), expected);
}

void CheckTrajectory(const Manifest& manifest, const Json& c) {
  const auto expected = testing::LoadTensors(manifest.folder / c.at("safetensors").get<std::string>());
  const auto pipeline = LoadPipeline(manifest.folder / c.at("model").get<std::string>(), {});
  const Json& config = c.at("config");
  const PipelineInfo& info = pipeline->info();
  const auto scheduler = MakeScheduler(config.at("scheduler"), info.scheduler_config, Json::object(),
                                       config.at("steps"), info.scheduler_file);
  const at::Tensor x_T = expected.at("x_T"), labels = expected.at("cond.class_labels"),
                   latents = expected.at("latents");
  std::vector<Sample> samples;
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> tree;
  for (int64_t s = 0; s < x_T.size(0); ++s) {
    samples.push_back({.id = s, .label = labels[s].item<int64_t>()});
    streams.push_back(std::make_unique<testing::StoredNoise>(x_T[s], at::Tensor()));
    tree.push_back({s, streams.back().get()});
  }
  const auto denoiser = pipeline->Encode(samples, config.at("guidance").get<double>(), false);
  EXPECT_EQ(denoiser->guidance_rows(), 2);
  TreeOptions options;
  options.keep_latents = true;
  const auto method = MakeFullStep();
  const TreeResult result =
      RunTree(*scheduler, *denoiser, tree, {method.get()}, info.latent_shape, at::kFloat, at::kCPU, options);
  ASSERT_EQ(scheduler->calls(), latents.size(0));
  for (int64_t call = 0; call < latents.size(0); ++call)
    for (int64_t s = 0; s < x_T.size(0); ++s)
      ExpectNear(c, fmt::format("latent after call {}, sample {}", call, s),
                 result.records[0][static_cast<size_t>(s)].latents[static_cast<size_t>(call) + 1], latents[call][s]);
}

TEST(DiT, EqualsDiffusers) {
  const auto manifest = testing::LoadManifest("dit", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no dit under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  int cases = 0;
  for (const Json& c : manifest.json["cases"]) {
    if (!c.value("model", "").ends_with("/dit-tiny")) continue;  // other transformers' cases
    const std::string kind = c.at("kind");
    SCOPED_TRACE(c.at("name").get<std::string>());
    if (kind == "forward") {
      EXPECT_NO_THROW(CheckForward(manifest, c));
    } else if (kind == "trajectory" && c.at("method") == "full") {
      EXPECT_NO_THROW(CheckTrajectory(manifest, c));
    } else {
      continue;
    }
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace skipbench
