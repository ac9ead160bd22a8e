// Trajectories of the shipped model against diffusers, from caption to picture, for every case of cases.json.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "harness/pipelines/load_pipeline.h"
#include "harness/runtime/noise.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/full_step/full_step.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

const Pipeline& Model() {
  static const auto pipeline = LoadPipeline(testing::SourceDir() / "datasets/fashion_scenes/model", {});
  return *pipeline;
}

std::shared_ptr<const Scheduler> SchedulerOf(const Json& c) {
  const std::string name = c["scheduler"];
  const std::string type = name == "dpmpp_2m" ? "dpm_solver_multistep" : name;
  const Json overrides = name == "ddim" ? Json{{"clip_sample", false}} : Json::object();
  return MakeScheduler(type, Model().info().scheduler_config, overrides, c["steps"], Model().info().scheduler_file);
}

std::unique_ptr<Method> MethodOf(const Json& c) {
  if (c["method"] != "adaptive_diffusion") return MakeFullStep();
  AdaptiveDiffusionOptions options;
  options.delta = c["delta"];
  options.max_skips = c["max_skips"];
  if (c["criterion"] == "tensor") options.criterion = AdaptiveDiffusionOptions::Criterion::kTensor;
  if (c["scope"] == "group") options.scope = Scope::kGroup;
  return MakeAdaptiveDiffusion(options);
}

TreeResult RunCase(const Json& c, uint64_t seed, const Method& method) {
  std::vector<Sample> samples;
  const auto source = TorchCpuNoise(seed);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> list;
  for (size_t k = 0; k < c["sample_ids"].size(); ++k) {
    samples.push_back({.id = c["sample_ids"][k], .caption = c["captions"][k]});
    streams.push_back(source->Open(samples[k].id, static_cast<int64_t>(k), Model().info().latent_shape));
    list.push_back({samples[k].id, streams[k].get()});
  }
  const auto denoiser = Model().Encode(samples, c["guidance"], false);
  TreeOptions options;
  options.keep_latents = true;
  options.group_size = static_cast<int64_t>(samples.size());
  return RunTree(*SchedulerOf(c), *denoiser, list, {&method}, Model().info().latent_shape, at::kFloat, at::kCPU,
                 options);
}

// Both tests look at the same runs; each is made once.
const TreeResult& ResultOf(const Json& c, uint64_t seed) {
  static std::map<std::string, TreeResult> results;
  Json key = c;
  for (const char* outcome : {"case", "nfe", "psnr_db_vs_full_50", "min_relative_margin"}) key.erase(outcome);
  if (key["method"] == "fewer_steps") key["method"] = "full_step";
  const auto found = results.find(key.dump());
  return found != results.end() ? found->second
                                : results.emplace(key.dump(), RunCase(c, seed, *MethodOf(c))).first->second;
}

// The same samples with all 50 steps predicted.
Json FullCase(Json c) {
  for (const char* option : {"delta", "max_skips", "criterion", "scope"}) c.erase(option);
  c["method"] = "full_step";
  c["steps"] = 50;
  return c;
}

double Psnr(const at::Tensor& a, const at::Tensor& b) {
  const double mse = (a.to(at::kDouble) - b.to(at::kDouble)).square().mean().item<double>();
  return 10 * std::log10(255.0 * 255.0 / mse);
}

void CheckCase(const testing::Manifest& manifest, const Json& c) {
  const auto expected = testing::LoadTensors(manifest.folder / (c["case"].get<std::string>() + ".safetensors"));
  const TreeResult& result = ResultOf(c, manifest.json["seed"]);
  for (size_t k = 0; k < c["sample_ids"].size(); ++k) {
    const auto& record = result.records[0][k];
    const at::Tensor latents = expected.at("latents")[static_cast<int64_t>(k)];
    const at::Tensor kept = expected.at("kept");
    ASSERT_EQ(static_cast<int64_t>(record.latents.size()), kept[-1].item<int64_t>() + 1);
    for (int64_t i = 0; i < kept.size(0); ++i) {
      const int64_t calls = kept[i].item<int64_t>();
      EXPECT_LE(testing::MaxAbsDiff(record.latents[calls], latents[i]), 1e-3 * latents[i].std().item<double>())
          << "sample " << c["sample_ids"][k] << ", after " << calls << " calls";
    }
    std::string mask, wanted;
    for (const auto& decision : record.decisions) mask += decision.action == Action::kPredict ? '1' : '0';
    const at::Tensor predicted = expected.at("predicted")[static_cast<int64_t>(k)].to(at::kLong);
    for (int64_t i = 0; i < predicted.size(0); ++i) wanted += predicted[i].item<int64_t>() ? '1' : '0';
    EXPECT_EQ(mask, wanted) << "sample " << c["sample_ids"][k];
    const at::Tensor picture = Model().Decode(record.final_latent.unsqueeze(0))[0];
    const at::Tensor reference = expected.at("images")[static_cast<int64_t>(k)].permute({2, 0, 1});
    // Rounding to 8 bits may fall either way by float noise, in a few values, by one.
    EXPECT_LE(testing::MaxAbsDiff(picture, reference), 1);
    EXPECT_LE((picture != reference).to(at::kFloat).mean().item<double>(), 0.002);
  }
}

TEST(FashionScenes, TrajectoriesMatchDiffusers) {
  const auto manifest = testing::LoadManifest("fashion_scenes", "cases.json");
  if (!manifest.exists) GTEST_SKIP() << "no fashion_scenes under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  ASSERT_FALSE(manifest.json["cases"].empty());
  for (const auto& c : manifest.json["cases"]) {
    SCOPED_TRACE(c["case"].get<std::string>());
    ASSERT_NO_THROW(CheckCase(manifest, c));
  }
}

// What the table says of a setting: PSNR against the full 50-step picture of the same scheduler and noise.
TEST(FashionScenes, PsnrMatchesDiffusers) {
  const auto manifest = testing::LoadManifest("fashion_scenes", "cases.json");
  if (!manifest.exists) GTEST_SKIP() << "no fashion_scenes under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  for (const auto& c : manifest.json["cases"]) {
    if (!c.contains("psnr_db_vs_full_50")) continue;
    SCOPED_TRACE(c["case"].get<std::string>());
    const TreeResult& full = ResultOf(FullCase(c), manifest.json["seed"]);
    const TreeResult& result = ResultOf(c, manifest.json["seed"]);
    for (size_t k = 0; k < c["sample_ids"].size(); ++k) {
      const at::Tensor a = Model().Decode(result.records[0][k].final_latent.unsqueeze(0));
      const at::Tensor b = Model().Decode(full.records[0][k].final_latent.unsqueeze(0));
      EXPECT_NEAR(Psnr(a, b), c["psnr_db_vs_full_50"][k].get<double>(), 0.01);
    }
  }
}

}  // namespace
}  // namespace skipbench
