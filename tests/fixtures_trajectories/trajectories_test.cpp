// Whole trajectories of small random-weight models of every family against diffusers and DeepCache: every case of kind
// "trajectory" in the manifest, from the stored conditioning.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "tests/fixtures_trajectories/trajectory_case.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ConditioningFiles;
using testing::ConditioningOf;
using testing::Load;
using testing::MethodOf;
using testing::Model;
using testing::SchedulerOf;
using testing::StoredNoise;

std::string AsText(const std::vector<Decision>& decisions) {
  std::string text;
  for (const auto& decision : decisions) text += decision.action == Action::kPredict ? '1' : '0';
  return text;
}

std::string AsText(const Json& mask) {
  std::string text;
  for (const auto& one : mask) text += one.get<bool>() ? '1' : '0';
  return text;
}

void CheckCase(const testing::Manifest& manifest, const Json& entry,
               const std::map<std::string, std::string>& conditionings) {
  const Json c = ReadJsonFile(manifest.folder / entry["json"].get<std::string>());
  const auto expected = testing::LoadTensors(manifest.folder / entry["safetensors"].get<std::string>());
  const Model& model = Load(manifest, c["model"]);
  std::map<std::string, at::Tensor> stored;
  if (auto found = conditionings.find(c["model"]); found != conditionings.end())
    stored = testing::LoadTensors(manifest.folder / found->second);
  const auto scheduler = SchedulerOf(model, c);
  ASSERT_EQ(scheduler->calls(), c["calls"].get<int>());
  const at::Tensor x_T = expected.at("x_T");
  const int64_t n = x_T.size(0);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> samples;
  for (int64_t s = 0; s < n; ++s) {
    const at::Tensor steps = expected.contains("noise") ? expected.at("noise").select(1, s) : at::Tensor();
    streams.push_back(std::make_unique<StoredNoise>(x_T[s], steps));
    samples.push_back({s, streams.back().get()});
  }
  NetworkDenoiser denoiser(*model.unet, ConditioningOf(manifest, c, stored), [](const Work&) { return MacCount(); });
  TreeOptions options;
  options.group_size = n;
  options.keep_latents = options.keep_predictions = true;
  const auto method = MethodOf(c);
  const TreeResult result =
      RunTree(*scheduler, denoiser, samples, {method.get()}, x_T.sizes().slice(1), at::kFloat, at::kCPU, options);

  const bool per_sample = c.value("per_sample", false);
  for (int64_t s = 0; s < n; ++s) {
    const auto& record = result.records[0][s];
    EXPECT_EQ(AsText(record.decisions), AsText(per_sample ? c["mask"][s] : c["mask"])) << "sample " << s;
    if (!expected.contains("first_raw_prediction")) continue;
    const at::Tensor first =
        expected.at("first_raw_prediction").unflatten(0, {denoiser.guidance_rows(), n}).select(1, s);
    EXPECT_LE(testing::RelativeDiff(record.predictions[0], first), 1e-4) << "sample " << s;
  }
  // Ten times the recorded difference between float32 and float64 up to that call, plus 1e-5.
  const at::Tensor latents = expected.at("latents");
  double noise = 0;
  size_t seen = 0;
  for (size_t k = 0; k < c["kept_calls"].size(); ++k) {
    const size_t call = c["kept_calls"][k];
    for (; seen <= call && seen < c["f32_f64_max_abs_diff_per_step"].size(); ++seen)
      noise = std::max(noise, c["f32_f64_max_abs_diff_per_step"][seen].get<double>());
    for (int64_t s = 0; s < n; ++s)
      ASSERT_LE(testing::MaxAbsDiff(result.records[0][s].latents[call + 1], latents[static_cast<int64_t>(k)][s]),
                10 * noise + 1e-5)
          << "after call " << call << ", sample " << s;
  }
}

TEST(Trajectories, EveryCaseMatchesTheReference) {
  const auto manifest = testing::LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no diffusion under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  const auto conditionings = ConditioningFiles(manifest);
  int cases = 0;
  for (const auto& entry : manifest.json["cases"]) {
    if (entry["kind"] != "trajectory") continue;
    SCOPED_TRACE(entry["id"].get<std::string>());
    ++cases;
    EXPECT_NO_THROW(CheckCase(manifest, entry, conditionings));
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace skipbench
