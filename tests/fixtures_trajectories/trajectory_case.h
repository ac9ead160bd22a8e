// A case of kind "trajectory" of the fixtures: its model, scheduler, noise, conditioning and method.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/models/load.h"
#include "harness/pipelines/model_folder.h"
#include "harness/pipelines/network_denoiser.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/deepcache/deepcache.h"
#include "methods/fixed_path/fixed_path.h"
#include "methods/full_step/full_step.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

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
  std::unique_ptr<Network> unet;
};

inline const Model& Load(const Manifest& manifest, const std::string& name) {
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
  model.unet = LoadFolder<Network>(folder.Component("unet", {folder.ClassOf("unet")}));
  return models.emplace(name, std::move(model)).first->second;
}

inline std::shared_ptr<const Scheduler> SchedulerOf(const Model& model, const Json& c) {
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

inline std::vector<bool> Mask(const Json& mask) {
  std::vector<bool> predict;
  for (const auto& one : mask) predict.push_back(one.get<bool>());
  return predict;
}

inline std::unique_ptr<Method> MethodOf(const Json& c) {
  const std::string method = c["method"];
  if (method == "full" || method == "equal_budget") return MakeFullStep();
  if (method == "fixed_mask") {
    const std::vector<bool> predict = Mask(c["mask"]);
    return MakeFixedPath({predict.begin(), predict.end()}, "fixed_path(fixture)");
  }
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
      options.interval = schedule["n"];  // N: ceil(steps / N) full steps are wanted
      options.schedule =
          schedule["kind"] == "quad" ? DeepCacheOptions::Schedule::kQuad : DeepCacheOptions::Schedule::kQuadCenter;
      options.power = schedule["pow"];
      options.center = schedule.value("center", options.center);
    }
    return MakeDeepCache(options);
  }
  Fail("unknown method {} in a fixture", method);
}

inline Conditioning ConditioningOf(const Manifest& manifest, const Json& c,
                                   const std::map<std::string, at::Tensor>& stored) {
  const int64_t n = c["batch"];
  Conditioning conditioning;
  conditioning.samples = n;
  if (c["guidance_scale"].is_null() || stored.empty()) return conditioning;
  conditioning.guidance = c["guidance_scale"];
  conditioning.guidance_rows = 2;
  conditioning.tokens = stored.at("prompt_embeds");  // [uncond_0.., cond_0..]
  // A case may use fewer samples than the conditioning holds.
  const int64_t held = conditioning.tokens.size(0) / 2;
  conditioning.rows = at::stack({at::arange(n, at::kLong), at::arange(held, held + n, at::kLong)});
  auto pair = [&](const at::Tensor& t) { return t.unflatten(0, {2, held}).narrow(1, 0, n); };
  if (stored.contains("pooled_prompt_embeds")) {
    conditioning.inputs["text_embeds"] = pair(stored.at("pooled_prompt_embeds"));
    conditioning.inputs["time_ids"] = pair(stored.at("time_ids"));
  }
  return conditioning;
}

// Of each model that has a stored conditioning, its file.
inline std::map<std::string, std::string> ConditioningFiles(const Manifest& manifest) {
  std::map<std::string, std::string> files;
  for (const auto& entry : manifest.json["cases"])
    if (entry["kind"] == "conditioning") files[entry["model"]] = entry["safetensors"];
  return files;
}

}  // namespace skipbench::testing
