// Folders as diffusers 0.42.1 and transformers 5.24 save them, from prompts to latents: opened by their pipeline, with
// the tokenizer that is the default there, against the latents of diffusers after every call.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "harness/pipelines/load_pipeline.h"
#include "harness/schedulers/catalog.h"
#include "tests/fixtures_trajectories/trajectory_case.h"

namespace skipbench {
namespace {

using testing::Manifest;

std::vector<Sample> SamplesOf(const Manifest& manifest, const PipelineInfo& info) {
  std::vector<Sample> samples;
  const Json& json = manifest.json;
  for (size_t i = 0; i < json["prompts"].size(); ++i) {
    Sample sample{.id = static_cast<int64_t>(i)};
    if (info.needs_label) sample.label = json["labels"][i].get<int64_t>();
    if (info.needs_caption) sample.caption = json["prompts"][i].get<std::string>();
    if (info.needs_image) sample.image = testing::FixtureRoot() / json["images"][i].get<std::string>();
    samples.push_back(sample);
  }
  return samples;
}

// Opened once for all cases of a model, whose noise has one shape.
const Pipeline& Open(const Manifest& manifest, const Json& c, at::IntArrayRef x_T) {
  static std::map<std::string, std::unique_ptr<Pipeline>> opened;
  std::unique_ptr<Pipeline>& pipeline = opened[c["model"]];
  if (pipeline) return *pipeline;
  const auto folder = manifest.folder / "models" / c["model"].get<std::string>();
  PipelineOptions options;
  options.tokenizer = "";
  options.shapes_only = true;
  const auto shapes = LoadPipeline(folder, options);
  const int64_t factor =
      shapes->info().image_shape[1] / shapes->info().latent_shape[shapes->info().latent_shape.size() - 2];
  options.shapes_only = false;
  options.height = x_T[x_T.size() - 2] * factor;
  options.width = x_T[x_T.size() - 1] * factor;
  if (shapes->info().frames > 0) options.frames = manifest.json["frames"].get<int64_t>();
  options.fps = manifest.json["fps"].get<double>();
  pipeline = LoadPipeline(folder, options);
  return *pipeline;
}

void CheckCase(const Manifest& manifest, const Json& c) {
  const auto expected = testing::LoadTensors(manifest.folder / (c["name"].get<std::string>() + ".safetensors"));
  const at::Tensor x_T = expected.at("x_T"), latents = expected.at("latents");
  const Pipeline& pipeline = Open(manifest, c, x_T.sizes());
  const PipelineInfo& info = pipeline.info();
  EXPECT_EQ(info.tokenizer, info.needs_caption ? "fast" : "");
  ASSERT_EQ(at::IntArrayRef(info.latent_shape), x_T.sizes().slice(1));
  const auto scheduler =
      MakeScheduler(c["scheduler"], info.scheduler_config, c["scheduler_options"], c["steps"], info.scheduler_file);
  ASSERT_EQ(scheduler->calls(), latents.size(0));
  const std::vector<Sample> samples = SamplesOf(manifest, info);
  const auto denoiser = pipeline.Encode(samples, c["guidance"].get<double>(), false);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> tree;
  for (const Sample& sample : samples) {
    streams.push_back(std::make_unique<testing::StoredNoise>(x_T[sample.id], at::Tensor()));
    tree.push_back({sample.id, streams.back().get()});
  }
  TreeOptions options;
  options.keep_latents = true;
  const auto method = MakeFullStep();
  const TreeResult result =
      RunTree(*scheduler, *denoiser, tree, {method.get()}, info.latent_shape, at::kFloat, at::kCPU, options);
  // Ten times the difference between float32 and float64 up to that call, plus 1e-5.
  double noise = 0;
  for (int64_t call = 0; call < latents.size(0); ++call) {
    noise = std::max(noise, c["f32_f64_max_abs_diff_per_step"][static_cast<size_t>(call)].get<double>());
    for (const Sample& sample : samples)
      ASSERT_LE(
          testing::MaxAbsDiff(result.records[0][static_cast<size_t>(sample.id)].latents[static_cast<size_t>(call) + 1],
                              latents[call][sample.id]),
          10 * noise + 1e-5)
          << "after call " << call << ", sample " << sample.id;
  }
}

TEST(ResavedFolders, LatentsEqualDiffusers) {
  const auto manifest = testing::LoadManifest("resaved", "cases.json");
  if (!manifest.exists) GTEST_SKIP() << "no resaved under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  const int threads = at::get_num_threads();
  at::set_num_threads(1);  // the networks are too small for more
  int cases = 0;
  for (const Json& c : manifest.json["cases"]) {
    SCOPED_TRACE(c["name"].get<std::string>());
    ++cases;
    EXPECT_NO_THROW(CheckCase(manifest, c));
  }
  at::set_num_threads(threads);
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace skipbench
