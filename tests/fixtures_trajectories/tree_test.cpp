// One tree against separate runs, for every family and scheduler of the fixtures (stochastic ones too): all methods of
// the cases and more, with random ones that fork at random. The networks are the fixtures' models.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "methods/catalog.h"
#include "tests/fixtures_trajectories/trajectory_case.h"
#include "tests/sampling/random_method.h"

namespace skipbench {
namespace {

using testing::DistinctPredictions;
using testing::RandomMethod;

// Cases that share a model and a scheduler's configuration at one number of steps.
struct Group {
  Json first;  // with the noise that all use
  std::string tensors;
  std::vector<std::unique_ptr<Method>> methods;
};

std::unique_ptr<Method> Make(const std::string& type, const Json& options) {
  return FindMethodType(type, "test").make(JsonReader(options, "test"));
}

// For each (model, scheduler type), the shortest of its runs. A case's own group rule stays a rule for the whole batch.
std::map<std::string, Group> Groups(const testing::Manifest& manifest) {
  std::map<std::string, std::pair<int, std::string>> shortest;
  std::vector<std::pair<Json, Json>> cases;
  for (const auto& entry : manifest.json["cases"]) {
    if (entry["kind"] != "trajectory") continue;
    const Json c = ReadJsonFile(manifest.folder / entry["json"].get<std::string>());
    cases.emplace_back(entry, c);
    const std::string key = c["model"].get<std::string>() + " " + c["scheduler"].get<std::string>();
    const auto candidate = std::make_pair(c["steps"].get<int>(), c["scheduler_config"].dump());
    const auto [found, added] = shortest.try_emplace(key, candidate);
    if (!added) found->second = std::min(found->second, candidate);
  }
  std::map<std::string, Group> groups;
  for (const auto& [entry, c] : cases) {
    const std::string key = c["model"].get<std::string>() + " " + c["scheduler"].get<std::string>();
    if (std::make_pair(c["steps"].get<int>(), c["scheduler_config"].dump()) != shortest[key]) continue;
    Group& group = groups[key];
    if (group.methods.empty()) {
      group.first = c;
      group.tensors = entry["safetensors"];
    }
    auto method = testing::MethodOf(c);
    const bool known = std::any_of(group.methods.begin(), group.methods.end(),
                                   [&](const auto& m) { return m->Label() == method->Label(); });
    if (!known) group.methods.push_back(std::move(method));
  }
  return groups;
}

void AddMore(Group* group) {
  group->methods.push_back(Make("adaptive_diffusion", {{"delta", 0.3}, {"max_skips", 2}}));
  group->methods.push_back(Make("difference_order", {{"order", 1}, {"delta", 0.05}}));
  group->methods.push_back(Make("difference_order", {{"order", 2}, {"delta", 0.3}, {"scope", "group"}}));
  group->methods.push_back(Make("deepcache", {{"interval", 3}, {"branch", 1}}));
  for (const uint64_t seed : {1, 2}) group->methods.push_back(std::make_unique<RandomMethod>(seed, 4));
}

void CheckGroup(const testing::Manifest& manifest, Group& group,
                const std::map<std::string, std::string>& conditionings) {
  const Json& c = group.first;
  const auto& model = testing::Load(manifest, c["model"]);
  const auto stored = testing::LoadTensors(manifest.folder / group.tensors);
  std::map<std::string, at::Tensor> conditioning;
  if (auto found = conditionings.find(c["model"]); found != conditionings.end())
    conditioning = testing::LoadTensors(manifest.folder / found->second);
  const auto scheduler = testing::SchedulerOf(model, c);
  const at::Tensor x_T = stored.at("x_T");
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> samples;
  for (int64_t s = 0; s < x_T.size(0); ++s) {
    streams.push_back(std::make_unique<testing::StoredNoise>(
        x_T[s], stored.contains("noise") ? stored.at("noise").select(1, s) : at::Tensor()));
    samples.push_back({s, streams.back().get()});
  }
  NetworkDenoiser denoiser(*model.unet, testing::ConditioningOf(manifest, c, conditioning),
                           [](const Work&) { return MacCount(); });
  TreeOptions options;
  options.group_size = x_T.size(0);
  options.keep_latents = true;
  const auto run = [&](const std::vector<const Method*>& settings, bool batch_invariant, int64_t max_states = 0) {
    options.batch_invariant = batch_invariant;
    options.max_states = max_states;
    return RunTree(*scheduler, denoiser, samples, settings, x_T.sizes().slice(1), at::kFloat, at::kCPU, options);
  };
  AddMore(&group);
  std::vector<const Method*> settings;
  for (const auto& method : group.methods) settings.push_back(method.get());
  const TreeResult exact = run(settings, true), batched = run(settings, false, NeedsOfTree(settings, options).at_least);
  EXPECT_EQ(exact.full_evaluations, DistinctPredictions(exact));
  EXPECT_EQ(batched.full_evaluations, exact.full_evaluations);
  int64_t separate = 0;
  for (size_t k = 0; k < settings.size(); ++k) {
    SCOPED_TRACE(settings[k]->Label());
    const TreeResult alone = run({settings[k]}, true);
    separate += alone.full_evaluations;
    for (size_t s = 0; s < samples.size(); ++s) {
      const auto &a = alone.records[0][s], &b = exact.records[k][s], &d = batched.records[k][s];
      EXPECT_EQ(a.decisions, b.decisions);
      EXPECT_EQ(a.decisions, d.decisions);
      for (size_t i = 0; i < a.latents.size(); ++i)
        ASSERT_TRUE(at::equal(a.latents[i], b.latents[i])) << "state " << i << ", sample " << s;
      EXPECT_LE(testing::RelativeDiff(d.final_latent, a.final_latent), 1e-3) << "sample " << s;
    }
  }
  EXPECT_LT(exact.full_evaluations, separate);
}

TEST(Trajectories, ATreeEqualsSeparateRunsForEveryFamilyAndScheduler) {
  const auto manifest = testing::LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no diffusion under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  const auto conditionings = testing::ConditioningFiles(manifest);
  auto groups = Groups(manifest);
  EXPECT_FALSE(groups.empty());
  for (auto& [key, group] : groups) {
    SCOPED_TRACE(key);
    EXPECT_NO_THROW(CheckGroup(manifest, group, conditionings));
  }
}

}  // namespace
}  // namespace skipbench
