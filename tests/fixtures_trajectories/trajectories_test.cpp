// Whole trajectories of small random-weight models of every family against diffusers and DeepCache: every case of kind
// "trajectory" in the manifest, from the stored conditioning.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "harness/models/load.h"
#include "harness/pipelines/model_folder.h"
#include "harness/pipelines/unet_denoiser.h"
#include "harness/sampling/trajectory_tree.h"
#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/deepcache/deepcache.h"
#include "methods/fixed_path/fixed_path.h"
#include "methods/full_step/full_step.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// Noise as stored: x_T and, per call, the draw.
class StoredNoise : public NoiseStream {
 public:
  StoredNoise(at::Tensor initial, at::Tensor steps) : initial_(std::move(initial)), steps_(std::move(steps)) {}
  at::Tensor Draw(int draw) override { return draw == 0 ? initial_ : steps_[draw - 1]; }

 private:
  at::Tensor initial_, steps_;
};

struct Model {
  Json scheduler_config;
  std::string scheduler_file;
  std::unique_ptr<UNet> unet;
};

const Model& Load(const testing::Manifest& manifest, const std::string& name) {
  static std::map<std::string, Model> models;
  auto found = models.find(name);
  if (found != models.end()) return found->second;
  std::string path;
  for (const auto& c : manifest.json["cases"])
    if (c["kind"] == "model" && c["id"] == name) path = c["folder"];
  const ModelFolder folder(manifest.folder / path);
  Model model;
  const auto scheduler = folder.Component("scheduler", {folder.ClassOf("scheduler")}) / "scheduler_config.json";
  model.scheduler_config = ReadJsonFile(scheduler);
  model.scheduler_file = scheduler.string();
  model.unet = LoadUNet(folder.Component("unet", {folder.ClassOf("unet")}));
  return models.emplace(name, std::move(model)).first->second;
}

std::shared_ptr<const Scheduler> SchedulerOf(const Model& model, const Json& c) {
  const std::string name = c["scheduler"];
  if (name == "Quad") {
    Json config = c["scheduler_config"];
    Json overrides = Json::object();
    for (const char* key : {"beta_start", "beta_end", "beta_schedule"}) overrides[key] = config[key];
    return MakeScheduler("ddim_quadratic", Json::object(), overrides, c["steps"], model.scheduler_file);
  }
  // The case's whole configuration: what from_config and the case's own options came to.
  Json config = c["scheduler_config"];
  Json overrides = Json::object();
  if (c.value("eta", 0.0) != 0.0) overrides["eta"] = c["eta"];
  return MakeScheduler(name, config, overrides, c["steps"], model.scheduler_file);
}

std::vector<bool> Mask(const Json& mask) {
  std::vector<bool> predict;
  for (const auto& one : mask) predict.push_back(one.get<bool>());
  return predict;
}

std::unique_ptr<Method> MethodOf(const Json& c) {
  const std::string method = c["method"];
  if (method == "full" || method == "equal_budget") return MakeFullStep();
  if (method == "fixed_mask") return MakeFixedPath(Mask(c["mask"]), "fixed_path(fixture)");
  if (method == "adaptive" || method == "adaptive_tensor") {
    AdaptiveDiffusionOptions options;
    options.delta = c["delta"];
    options.max_skips = c["cmax"];
    options.scope = c.value("per_sample", false) ? Scope::kSample : Scope::kGroup;
    if (method == "adaptive_tensor") options.criterion = AdaptiveDiffusionOptions::Criterion::kTensor;
    if (c.value("norm", "mean_abs") == "l2") options.norm = AdaptiveDiffusionOptions::Norm::kL2;
    return MakeAdaptiveDiffusion(options);
  }
  if (method == "deepcache" || method == "deepcache_plain") {
    DeepCacheOptions options;
    options.branch = c["branch"];
    if (!c["interval"].is_null()) {
      options.interval = c["interval"];
    } else {
      const Json& schedule = c["schedule"];
      options.interval = schedule["n"];      // N: ceil(steps / N) full steps are wanted
      options.schedule = schedule["kind"] == "quad" ? DeepCacheOptions::Schedule::kQuad : DeepCacheOptions::Schedule::kQuadCenter;
      options.power = schedule["pow"];
      options.center = schedule.value("center", 0);
    }
    return MakeDeepCache(options);
  }
  Fail("unknown method {} in a fixture", method);
}

Conditioning ConditioningOf(const testing::Manifest& manifest, const Json& c, const std::map<std::string, at::Tensor>& stored) {
  const int64_t n = c["batch"];
  Conditioning conditioning;
  conditioning.samples = n;
  if (c["guidance_scale"].is_null() || stored.empty()) return conditioning;
  conditioning.guidance = c["guidance_scale"];
  conditioning.halves = 2;
  conditioning.tokens = stored.at("prompt_embeds");      // [uncond_0.., cond_0..]
  // A case may use fewer samples than the conditioning holds.
  const int64_t held = conditioning.tokens.size(0) / 2;
  conditioning.rows = at::stack({at::arange(n, at::kLong), at::arange(held, held + n, at::kLong)});
  auto pair = [&](const at::Tensor& t) { return t.unflatten(0, {2, held}).narrow(1, 0, n); };
  if (stored.contains("pooled_prompt_embeds")) {
    conditioning.text_embeds = pair(stored.at("pooled_prompt_embeds"));
    conditioning.time_ids = pair(stored.at("time_ids"));
  }
  return conditioning;
}

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

void CheckCase(const testing::Manifest& manifest, const Json& entry, const std::map<std::string, std::string>& conditionings) {
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
  UNetDenoiser denoiser(*model.unet, ConditioningOf(manifest, c, stored), std::vector<MacCount>(1 + model.unet->branches()));
  TreeOptions options;
  options.group_size = n;
  options.keep_latents = options.keep_predictions = true;
  const auto method = MethodOf(c);
  const TreeResult result = RunTree(*scheduler, denoiser, samples, {method.get()}, x_T.sizes().slice(1), at::kFloat, at::kCPU, options);

  const bool per_sample = c.value("per_sample", false);
  for (int64_t s = 0; s < n; ++s) {
    const auto& record = result.records[0][s];
    EXPECT_EQ(AsText(record.decisions), AsText(per_sample ? c["mask"][s] : c["mask"])) << "sample " << s;
    if (!expected.contains("first_raw_prediction")) continue;
    const at::Tensor first = expected.at("first_raw_prediction").unflatten(0, {denoiser.halves(), n}).select(1, s);
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
      ASSERT_LE(testing::MaxAbsDiff(result.records[0][s].latents[call + 1], latents[static_cast<int64_t>(k)][s]), 10 * noise + 1e-5)
          << "after call " << call << ", sample " << s;
  }
}

TEST(Trajectories, EveryCaseMatchesTheReference) {
  const auto manifest = testing::LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no diffusion under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  std::map<std::string, std::string> conditionings;
  for (const auto& entry : manifest.json["cases"])
    if (entry["kind"] == "conditioning") conditionings[entry["model"]] = entry["safetensors"];
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
