// Caches on tiny transformers: what a sample becomes depends neither on the samples beside it, nor on what was run
// before, nor on the settings that share a tree with it.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <set>

#include "harness/pipelines/load_pipeline.h"
#include "harness/runtime/noise.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

constexpr int64_t kSamples = 8;

// A model of tests/fixtures/dit with the conditioning and the noise of kSamples samples.
class TinyModel {
 public:
  explicit TinyModel(const std::string& name) {
    PipelineOptions options;
    if (name != "dit-tiny") options.height = 32, options.width = 48, options.max_sequence_length = 16;
    if (name == "wan-tiny") options.frames = 5;
    pipeline_ = LoadPipeline(testing::SourceDir() / "tests/fixtures/dit/models" / name, options);
    std::vector<Sample> samples(kSamples);
    const auto noise = CounterNoise(5);
    for (int64_t s = 0; s < kSamples; ++s) {
      samples[s].id = s;
      samples[s].label = 100 * s + 7;
      samples[s].caption = "a red bus and " + std::string(static_cast<size_t>(s), 'x');
      noise_.push_back(noise->Open(s, s, info().latent_shape));
    }
    denoiser_ = pipeline_->Encode(samples, 3.5, /*one_by_one=*/true);
  }

  TreeResult Run(const std::vector<const Method*>& methods, int steps, int64_t first, int64_t count,
                 const TreeOptions& options) {
    std::vector<TreeSample> samples;
    for (int64_t s = first; s < first + count; ++s)
      samples.push_back({.id = s, .noise = noise_[s].get(), .conditioning = s});
    const auto scheduler =
        MakeScheduler(info().scheduler_class, info().scheduler_config, Json::object(), steps, info().scheduler_file);
    return RunTree(*scheduler, *denoiser_, samples, methods, info().latent_shape, at::kFloat, at::kCPU, options);
  }
  int guidance_rows() const { return denoiser_->guidance_rows(); }

 private:
  const PipelineInfo& info() const { return pipeline_->info(); }
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<Denoiser> denoiser_;
  std::vector<std::unique_ptr<NoiseStream>> noise_;
};

std::unique_ptr<Method> Make(const std::string& type, const Json& options) {
  return FindMethodType(type, "test").make(JsonReader(options, "test.json"));
}

TreeOptions Invariant() {
  TreeOptions options;
  options.batch_size = kSamples;
  options.batch_invariant = true;
  return options;
}

// Decisions with their weights, and the final latent in every bit.
void ExpectSame(const TrajectoryRecord& found, const TrajectoryRecord& expected) {
  EXPECT_EQ(found.decisions, expected.decisions);
  EXPECT_EQ(found.unconditional, expected.unconditional);
  EXPECT_TRUE(at::equal(found.final_latent, expected.final_latent));
}

int64_t Skipped(const std::vector<TrajectoryRecord>& records) {
  int64_t skipped = 0;
  for (const auto& record : records)
    skipped += std::ranges::count_if(record.decisions, [](const auto& d) { return d.action != Action::kPredict; });
  return skipped;
}

struct CacheExample {
  std::string model, type;
  Json options;
  bool by_sample = true;  // whether it looks at the samples at all
};

std::vector<CacheExample> CacheExamples() {
  const auto plus = [](Json json, const Json& more) {
    json.update(more);
    return json;
  };
  const Json ratios = {1, 1.04, 0.97, 1.03, 0.96, 0.98, 1.02, 1.05, 0.99, 1.01};
  const Json blocks = {{"residual_diff_threshold", 0.25}, {"max_warmup_steps", 2}, {"Fn_compute_blocks", 1}};
  std::vector<CacheExample> examples = {
      {"dit-tiny", "interval", {{"interval", 2}, {"level", "modules"}}, false},
      {"flux-tiny", "interval", {{"interval", 3}, {"level", "output"}}, false},
      {"wan-tiny", "interval", {{"interval", 3}, {"level", "residual"}}, false},
      {"dit-tiny", "first_block_cache", {{"threshold", 0.15}}},
      {"flux-tiny", "first_block_cache", {{"threshold", 0.15}}},
      {"wan-tiny", "first_block_cache", {{"threshold", 0.15}, {"halves", "separate"}}},
      {"dit-tiny", "db_cache", plus(blocks, {{"Bn_compute_blocks", 1}, {"max_continuous_cached_steps", 2}})},
      {"flux-tiny", "db_cache", plus(blocks, {{"calibrator", "taylorseer"}})},
      {"wan-tiny", "db_cache",
       plus(blocks, {{"calibrator", "foca"}, {"halves", "separate"}, {"residual_diff_threshold", 0.15}})},
      {"dit-tiny", "tea_cache", {{"rel_l1_thresh", 0.25}}},
      {"flux-tiny", "tea_cache", {{"rel_l1_thresh", 0.15}}},
      {"wan-tiny", "tea_cache", {{"rel_l1_thresh", 0.3}, {"signal", "time_embedding"}}, false},
      {"dit-tiny", "sea_cache", {{"threshold", 0.3}}},
      {"wan-tiny", "sea_cache", {{"threshold", 0.3}, {"residual_order", 0}}},
      {"dit-tiny", "easy_cache", {{"thresh", 0.2}, {"ret_steps", 3}}},
      {"flux-tiny", "easy_cache", {{"thresh", 0.3}, {"rule", "comfyui"}}},
      {"wan-tiny", "easy_cache", {{"thresh", 0.2}, {"ret_steps", 3}}},
      {"flux-tiny", "mag_cache", {{"threshold", 0.1}, {"mag_ratios", ratios}}, false},
      {"wan-tiny", "mag_cache", {{"threshold", 0.1}, {"mag_ratios", ratios}, {"halves", "separate"}}, false},
      {"dit-tiny", "sada", {{"acc_start", 3}, {"acc_end", 9}}},
      {"flux-tiny", "sada", {{"variant", "flux"}, {"acc_start", 3}, {"acc_end", 9}}},
      {"dit-tiny", "adaptive_diffusion", {{"delta", 0.1}, {"max_skips", 2}}},
      {"dit-tiny", "adaptive_diffusion", {{"delta", 0.3}, {"criterion", "tensor"}, {"norm", "l2"}}},
  };
  for (const char* level : {"output", "last_block", "residual", "modules"})
    for (const char* model : {"dit-tiny", "wan-tiny"})
      examples.push_back({model, "taylor_seer", {{"interval", 3}, {"max_order", 2}, {"level", level}}, false});
  for (const char* forecast : {"hicache", "foca", "spectrum"})
    examples.push_back(
        {"flux-tiny", "taylor_seer", {{"interval", 2}, {"forecast", forecast}, {"level", "output"}}, false});
  return examples;
}

class CacheSharing : public ::testing::TestWithParam<CacheExample> {};

TEST_P(CacheSharing, EightSamplesDecideAndEndAsOneByOne) {
  const c10::InferenceMode inference;
  const auto& [model, type, options, by_sample] = GetParam();
  SCOPED_TRACE(model + " " + type + " " + options.dump());
  TinyModel tiny(model);
  const auto method = Make(type, options);
  const auto together = tiny.Run({method.get()}, 10, 0, kSamples, Invariant()).records[0];
  std::set<std::vector<Decision>> courses;
  for (int64_t s = 0; s < kSamples; ++s) {
    ExpectSame(together[s], tiny.Run({method.get()}, 10, s, 1, Invariant()).records[0][0]);
    courses.insert(together[s].decisions);
  }
  EXPECT_GT(Skipped(together), 0);
  EXPECT_EQ(courses.size() > 1, by_sample) << courses.size() << " different courses of decisions";
}

// What fails where a cache hangs on the network: the second prompt begins with the first one's residuals, and 20 steps
// after 28 with the counters of 28.
TEST_P(CacheSharing, NothingStaysFromOneRunToTheNext) {
  const c10::InferenceMode inference;
  const auto& [model, type, options, by_sample] = GetParam();
  SCOPED_TRACE(model + " " + type + " " + options.dump());
  TinyModel used(model);
  const auto method = Make(type, options);
  const auto first = used.Run({method.get()}, 28, 0, 1, Invariant()).records[0][0];
  const auto second = used.Run({method.get()}, 20, 1, 1, Invariant()).records[0][0];
  const auto again = used.Run({method.get()}, 28, 0, 1, Invariant()).records[0][0];
  ExpectSame(again, first);
  TinyModel fresh(model);
  ExpectSame(second, fresh.Run({Make(type, options).get()}, 20, 1, 1, Invariant()).records[0][0]);
}

INSTANTIATE_TEST_SUITE_P(Dit, CacheSharing, ::testing::ValuesIn(CacheExamples()), [](const auto& info) {
  return info.param.type + "_" + info.param.model.substr(0, info.param.model.find('-')) + "_" +
         std::to_string(info.index);
});

// Of a guidance row, distinct (sample, decisions so far) that end in a full forward.
int64_t DistinctFullForwards(const TreeResult& result, int guidance_rows) {
  using Both = std::pair<Decision, Decision>;
  std::set<std::tuple<size_t, int, std::vector<Both>>> distinct;
  for (const auto& setting : result.records)
    for (size_t s = 0; s < setting.size(); ++s) {
      const auto& conditional = setting[s].decisions;
      const auto& unconditional = setting[s].unconditional.empty() ? conditional : setting[s].unconditional;
      std::vector<Both> prefix;
      for (size_t call = 0; call < conditional.size(); ++call) {
        prefix.emplace_back(conditional[call], unconditional[call]);
        if (conditional[call].action == Action::kPredict) distinct.insert({s, 0, prefix});
        if (guidance_rows > 1 && unconditional[call].action == Action::kPredict) distinct.insert({s, 1, prefix});
      }
    }
  return (static_cast<int64_t>(distinct.size()) + guidance_rows - 1) / guidance_rows;
}

// Eighteen settings of six methods; with `halves`, rows decide apart where a method can.
std::vector<std::unique_ptr<Method>> SweepOfSix(const Json& halves) {
  std::vector<std::unique_ptr<Method>> sweep;
  const auto add = [&](const char* type, const char* key, std::initializer_list<double> values, Json options) {
    for (const double value : values) {
      options[key] = value;
      sweep.push_back(Make(type, options));
    }
  };
  const auto with = [&](Json options) {
    options.update(halves);
    return options;
  };
  add("first_block_cache", "threshold", {0.08, 0.15, 0.3}, with(Json::object()));
  add("db_cache", "residual_diff_threshold", {0.1, 0.2, 0.4},
      with(
          {{"Fn_compute_blocks", 1}, {"Bn_compute_blocks", 1}, {"max_warmup_steps", 2}, {"calibrator", "taylorseer"}}));
  add("sea_cache", "threshold", {0.15, 0.3, 0.5}, with(Json::object()));
  add("easy_cache", "thresh", {0.1, 0.2, 0.4}, {{"ret_steps", 3}});
  add("adaptive_diffusion", "delta", {0.02, 0.1, 0.3}, {{"max_skips", 3}});
  for (const char* level : {"output", "modules", "residual"})
    sweep.push_back(Make("taylor_seer", {{"interval", 3}, {"level", level}}));
  return sweep;
}

// Alone in its call a trajectory is the same in every bit; in batches it is rounded differently.
void ExpectTreeEqualsSeparateRuns(TinyModel& tiny, const Json& halves) {
  constexpr int kSteps = 12;
  constexpr int64_t kTogether = 3;
  const auto sweep = SweepOfSix(halves);
  std::vector<const Method*> settings;
  for (const auto& method : sweep) settings.push_back(method.get());
  TreeOptions invariant = Invariant(), batched = Invariant();
  batched.batch_invariant = false;
  const TreeResult tree = tiny.Run(settings, kSteps, 0, kTogether, invariant);
  const TreeResult in_batches = tiny.Run(settings, kSteps, 0, kTogether, batched);
  TreeOptions bounded = invariant;
  bounded.max_states = NeedsOfTree(settings, invariant).at_least;
  const TreeResult within = tiny.Run(settings, kSteps, 0, kTogether, bounded);
  EXPECT_LE(within.peak_states, bounded.max_states);
  EXPECT_GT(tree.peak_states, bounded.max_states);
  for (const TreeResult* result : {&tree, &in_batches, &within})
    EXPECT_EQ(result->full_evaluations, DistinctFullForwards(*result, tiny.guidance_rows()));
  EXPECT_EQ(within.full_evaluations, tree.full_evaluations);
  EXPECT_EQ(within.shallow_evaluations, tree.shallow_evaluations);
  int64_t separate = 0;
  for (size_t k = 0; k < settings.size(); ++k) {
    SCOPED_TRACE(settings[k]->Label());
    const TreeResult alone = tiny.Run({settings[k]}, kSteps, 0, kTogether, invariant);
    separate += alone.full_evaluations;
    for (size_t s = 0; s < kTogether; ++s) {
      ExpectSame(tree.records[k][s], alone.records[0][s]);
      ExpectSame(within.records[k][s], alone.records[0][s]);
      EXPECT_EQ(in_batches.records[k][s].decisions, alone.records[0][s].decisions);
      EXPECT_LE(testing::RelativeDiff(in_batches.records[k][s].final_latent, alone.records[0][s].final_latent), 1e-4);
    }
  }
  EXPECT_LT(tree.full_evaluations, separate) << "nothing was shared";
}

TEST(CacheSweep, OnATreeEqualsSeparateRuns) {
  const c10::InferenceMode inference;
  TinyModel dit("dit-tiny");
  ExpectTreeEqualsSeparateRuns(dit, Json::object());
}

TEST(CacheSweep, OnATreeEqualsSeparateRunsWhereRowsDecideApart) {
  const c10::InferenceMode inference;
  TinyModel wan("wan-tiny");
  ExpectTreeEqualsSeparateRuns(wan, {{"halves", "separate"}});
}

// Every method of the catalog that decides for itself takes part above.
TEST(CacheSharingExamples, NameEveryMethodThatProbesOrCombines) {
  std::set<std::string> others = {"full_step", "fewer_steps",      "fixed_path",
                                  "deepcache", "difference_order", "greedy_search"};
  for (const CacheExample& example : CacheExamples()) others.insert(example.type);
  for (const MethodType& type : MethodTypes()) EXPECT_TRUE(others.contains(type.name)) << type.name;
}

}  // namespace
}  // namespace skipbench
