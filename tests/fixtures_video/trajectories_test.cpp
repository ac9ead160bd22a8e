// Whole trajectories of both video pipelines against diffusers, from the stored conditioning: latents, masks,
// evaluations, decoded frames.
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "harness/models/i2vgen_xl_unet.h"
#include "harness/pipelines/network_denoiser.h"
#include "harness/pipelines/pictures.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/deepcache/deepcache.h"
#include "methods/fixed_path/fixed_path.h"
#include "methods/full_step/full_step.h"
#include "tests/fixtures_video/video_fixtures.h"

namespace skipbench {
namespace {

using testing::ForEachVideoCase;
using testing::Manifest;
using testing::MaxAbsDiff;
using testing::ModelPath;
using testing::Tensors;
using testing::VideoCase;

// Noise as stored; the schedulers of these cases draw none.
class StoredNoise : public NoiseStream {
 public:
  explicit StoredNoise(at::Tensor initial) : initial_(std::move(initial)) {}
  at::Tensor Draw(int draw) override {
    EXPECT_EQ(draw, 0);
    return initial_;
  }

 private:
  at::Tensor initial_;
};

struct Model {
  std::unique_ptr<Network> unet;
  std::unique_ptr<AutoencoderKL> vae;
  Tensors conditioning;
  std::string scheduler_file;
};

const Model& Load(const Manifest& manifest, const std::string& name) {
  static std::map<std::string, Model> models;
  if (const auto found = models.find(name); found != models.end()) return found->second;
  Model model;
  const std::filesystem::path folder = ModelPath(manifest, name);
  model.unet = LoadFolder<Network>(folder / "unet");
  model.vae = LoadFolder<AutoencoderKL>(folder / "vae");
  model.scheduler_file = (folder / "scheduler" / "scheduler_config.json").string();
  for (const Json& row : manifest.json.at("cases"))
    if (row.at("kind") == "conditioning" && row.at("model") == name)
      model.conditioning = testing::LoadTensors(manifest.folder / row.at("safetensors").get<std::string>());
  return models.emplace(name, std::move(model)).first->second;
}

std::vector<bool> Mask(const Json& mask) { return mask.get<std::vector<bool>>(); }

std::unique_ptr<Method> MethodOf(const Json& c) {
  const std::string method = c.at("method");
  if (method == "full" || method == "equal_budget") return MakeFullStep();
  if (method == "fixed_mask") {
    const std::vector<bool> predict = Mask(c.at("mask"));
    return MakeFixedPath({predict.begin(), predict.end()}, "fixed_path(fixture)");
  }
  if (method == "deepcache") {
    DeepCacheOptions options;
    options.branch = c.at("branch");
    options.interval = c.at("interval");
    return MakeDeepCache(options);
  }
  if (method != "adaptive" && method != "adaptive_tensor") Fail("unknown method {} in a fixture", method);
  AdaptiveDiffusionOptions options;
  options.delta = c.at("delta");
  options.max_skips = c.at("cmax");
  options.scope = c.value("per_sample", false) ? Scope::kSample : Scope::kGroup;
  if (method == "adaptive_tensor") options.criterion = AdaptiveDiffusionOptions::Criterion::kTensor;
  if (c.value("norm", "mean_abs") == "l2") options.norm = AdaptiveDiffusionOptions::Norm::kL2;
  return MakeAdaptiveDiffusion(options);
}

// Of the first n samples that the model's conditioning holds, for clips of as many frames as the case has.
Conditioning ConditioningOf(const Model& model, const VideoCase& c, int64_t n) {
  const at::Tensor text = model.conditioning.at("encoder_hidden_states");
  const int64_t held = text.size(0) / 2;
  const auto rows = [&](const at::Tensor& t) {  // [uncond_0.., cond_0..] -> those of the first n
    return t.unflatten(0, {2, held}).narrow(1, 0, n).flatten(0, 1);
  };
  Conditioning conditioning;
  conditioning.samples = n;
  conditioning.guidance_rows = 2;
  conditioning.guidance = c.json.at("guidance_scale");
  conditioning.tokens = rows(text);
  conditioning.rows = at::arange(2 * n, at::kLong).view({2, n});
  const auto* i2v = dynamic_cast<const I2VGenXLUNet*>(model.unet.get());
  if (!i2v) return conditioning;
  const at::Tensor stored = rows(model.conditioning.at("image_latents"));
  const at::Tensor latents = I2VGenXLImageLatents(stored.select(2, 0), c.frames);
  if (stored.size(2) == c.frames) {
    EXPECT_LE(MaxAbsDiff(latents, stored), 1e-6);
  }
  conditioning.tokens =
      i2v->ContextTokens(conditioning.tokens, latents, rows(model.conditioning.at("image_embeddings")).flatten(1));
  conditioning.inputs["encoded_image_latents"] = i2v->EncodeImageLatents(latents).unflatten(0, {2, n});
  conditioning.inputs["fps"] = rows(model.conditioning.at("fps")).view({2, n});
  return conditioning;
}

std::string AsText(const std::vector<Decision>& decisions) {
  std::string text;
  for (const auto& decision : decisions) text += decision.action == Action::kPredict ? '1' : '0';
  return text;
}

std::string AsText(const std::vector<bool>& mask) {
  std::string text;
  for (bool one : mask) text += one ? '1' : '0';
  return text;
}

void CheckFrames(const Model& model, const VideoCase& c, const at::Tensor& latents) {
  const at::Tensor clips = DecodeClips(*model.vae, latents, 2).permute({0, 1, 3, 4, 2});
  const at::Tensor difference = (clips.to(at::kInt) - c.tensors.at("frames_u8").to(at::kInt)).abs();
  EXPECT_LE(difference.max().item<int>(), c.json.at("frames_u8_tolerance").get<int>());
}

void CheckTrajectory(const Manifest& manifest, const VideoCase& c) {
  const Model& model = Load(manifest, c.model);
  const auto scheduler = MakeScheduler(c.json.at("scheduler").get<std::string>(), c.json.at("scheduler_config"),
                                       Json::object(), c.json.at("steps"), model.scheduler_file);
  ASSERT_EQ(scheduler->calls(), c.json.at("calls").get<int>());
  const at::Tensor x_T = c.tensors.at("x_T");
  const int64_t n = x_T.size(0);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> samples;
  for (int64_t s = 0; s < n; ++s) {
    streams.push_back(std::make_unique<StoredNoise>(x_T[s]));
    samples.push_back({s, streams.back().get()});
  }
  NetworkDenoiser denoiser(*model.unet, ConditioningOf(model, c, n), [](const Work&) { return MacCount(); });
  TreeOptions options;
  options.group_size = n;
  options.keep_latents = options.keep_predictions = true;
  const auto method = MethodOf(c.json);
  const TreeResult result =
      RunTree(*scheduler, denoiser, samples, {method.get()}, x_T.sizes().slice(1), at::kFloat, at::kCPU, options);

  const bool per_sample = c.json.value("per_sample", false);
  for (int64_t s = 0; s < n; ++s) {
    const auto& record = result.records[0][s];
    const std::string decided = AsText(record.decisions);
    EXPECT_EQ(decided, AsText(Mask(per_sample ? c.json.at("mask")[s] : c.json.at("mask")))) << "sample " << s;
    EXPECT_EQ(std::count(decided.begin(), decided.end(), '1'),
              (per_sample ? c.json.at("nfe")[s] : c.json.at("nfe")).get<int64_t>());
    if (!c.tensors.contains("first_raw_prediction")) continue;
    const at::Tensor first = c.tensors.at("first_raw_prediction").unflatten(0, {2, n}).select(1, s);
    EXPECT_LE(MaxAbsDiff(record.predictions[0], first), c.Tolerance("first_raw_prediction")) << "sample " << s;
  }
  const at::Tensor latents = c.tensors.at("latents");
  for (size_t k = 0; k < c.json.at("kept_calls").size(); ++k) {
    const size_t call = c.json.at("kept_calls")[k];
    for (int64_t s = 0; s < n; ++s)
      ASSERT_LE(MaxAbsDiff(result.records[0][s].latents[call + 1], latents[static_cast<int64_t>(k)][s]),
                c.Tolerance("latents"))
          << "after call " << call << ", sample " << s;
  }
  if (!c.tensors.contains("frames_u8")) return;
  std::vector<at::Tensor> finals;
  for (int64_t s = 0; s < n; ++s) finals.push_back(result.records[0][s].final_latent);
  CheckFrames(model, c, at::stack(finals));
}

TEST(VideoFixtures, TrajectoriesEqualDiffusers) {
  c10::InferenceMode inference;
  at::set_num_threads(1);  // such small networks spend more on waking threads than on themselves
  ForEachVideoCase(
      "trajectory", [](const Json&) { return true; }, CheckTrajectory);
}

}  // namespace
}  // namespace skipbench
