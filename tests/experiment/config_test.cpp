#include "harness/experiment/config/config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/experiment/config/config_options.h"
#include "harness/experiment/config/sweep.h"
#include "harness/experiment/plan/file_noise.h"
#include "harness/io/files/safetensors.h"
#include "methods/catalog.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

using testing::TempDir;
using testing::WriteFile;

TEST(Sweep, CrossProductWithTheLastKeyFastest) {
  const auto variants = ExpandSweeps({{"a", {1, 2}}, {"b", "x"}, {"c", {true, false}}}, {}, "f");
  ASSERT_EQ(variants.size(), 4u);
  EXPECT_EQ(variants[0], (Json{{"a", 1}, {"b", "x"}, {"c", true}}));
  EXPECT_EQ(variants[1], (Json{{"a", 1}, {"b", "x"}, {"c", false}}));
  EXPECT_EQ(variants[3], (Json{{"a", 2}, {"b", "x"}, {"c", false}}));
}

// "coefficients" of tea_cache, "mag_ratios" of mag_cache.
TEST(Sweep, TextsThatStandForListsAreSweptLikeThem) {
  const ListKeys lists = ListOptions(FindMethodType("tea_cache", "test").options);
  ASSERT_TRUE(lists.at("coefficients"));
  ASSERT_TRUE(ListOptions(FindMethodType("mag_cache", "test").options).at("mag_ratios"));
  EXPECT_FALSE(ListOptions(FindMethodType("interval", "test").options).at("modules"));
  const auto values = [&](const Json& given) {
    Json all = Json::array();
    for (const Json& variant : ExpandSweeps({{"coefficients", given}}, lists, "f"))
      all.push_back(variant.at("coefficients"));
    return all;
  };
  EXPECT_EQ(values({"flux", "mochi"}), (Json{"flux", "mochi"}));
  EXPECT_EQ(values(Json::array({"flux", Json::array({2, 0})})), Json::array({"flux", Json::array({2, 0})}));
  EXPECT_EQ(values("flux"), Json::array({"flux"}));
  EXPECT_EQ(values(Json::array({2, 0})), Json::array({Json::array({2, 0})}));
  // No sweep, and no list of numbers: refused by whoever reads it.
  EXPECT_EQ(values(Json::array({2, "flux"})), Json::array({Json::array({2, "flux"})}));
}

TEST(Sweep, ListValuedKeysAreSweptByListsOfLists) {
  EXPECT_EQ(ExpandSweeps({{"mask", {1, 0}}}, {{"mask", false}}, "f").size(), 1u);
  const auto two = ExpandSweeps({{"mask", {{1, 0}, {1, 1}}}}, {{"mask", false}}, "f");
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[1]["mask"], (Json{1, 1}));
  EXPECT_ERROR(ExpandSweeps({{"a", Json::array()}}, {}, "f: methods[1]"), "f: methods[1].a: an empty list");
}

TEST(Set, PathsAndValues) {
  Json config = {{"steps", 50}, {"methods", {{{"type", "adaptive_diffusion"}, {"id", "x"}}, {{"type", "full_step"}}}}};
  ApplySet(&config, "steps=20");
  EXPECT_EQ(config["steps"], 20);
  ApplySet(&config, "methods.adaptive_diffusion.delta=0.005,0.01");
  EXPECT_EQ(config["methods"][0]["delta"], (Json{0.005, 0.01}));
  ApplySet(&config, "methods.x.scope=group");
  EXPECT_EQ(config["methods"][0]["scope"], "group");
  ApplySet(&config, "scheduler.type=ddim");
  EXPECT_EQ(config["scheduler"]["type"], "ddim");
  ApplySet(&config, "save=[\"images\"]");
  EXPECT_EQ(config["save"], Json::array({"images"}));
  EXPECT_ERROR(ApplySet(&config, "methods.magic.delta=1"),
               "no entry is called magic; there are: x, adaptive_diffusion, full_step");
  EXPECT_ERROR(ApplySet(&config, "steps.x=1"), "steps is 20 (an integer), which has no keys");
  EXPECT_ERROR(ApplySet(&config, "steps"), "expected PATH=VALUE");
}

// A value under the key `path` of a config.
Json AfterSet(Json config, const std::string& assignment, const std::string& pointer) {
  ApplySet(&config, assignment);
  return config.at(Json::json_pointer(pointer));
}

TEST(Set, TextsNeedNoQuotes) {
  const Json config = {{"negative_prompt", "x"},
                       {"data", {{"type", "coco"}, {"captions", "a.json"}, {"count", 4}, {"labels", {1, 2}}}}};
  EXPECT_EQ(AfterSet(config, "negative_prompt=blurry, ugly, true", "/negative_prompt"), "blurry, ugly, true");
  EXPECT_EQ(AfterSet(config, "negative_prompt=[a] picture", "/negative_prompt"), "[a] picture");
  EXPECT_EQ(AfterSet(config, "negative_prompt=", "/negative_prompt"), "");
  EXPECT_EQ(AfterSet(config, "negative_prompt=\"a, b\"", "/negative_prompt"), "a, b");
  EXPECT_EQ(AfterSet(config, "negative_prompt=null", "/negative_prompt"), Json());
  EXPECT_EQ(AfterSet(config, "name=2024", "/name"), "2024");
  EXPECT_EQ(AfterSet(config, "pipeline=/models/v1,5", "/pipeline"), "/models/v1,5");
  EXPECT_EQ(AfterSet(config, "noise.path=1e5", "/noise/path"), "1e5");
  EXPECT_EQ(AfterSet(config, "metric_reference={\"fid\": \"a\"}", "/metric_reference/fid"), "a");
  EXPECT_EQ(AfterSet(config, "data.captions=my,captions.json", "/data/captions"), "my,captions.json");
  EXPECT_EQ(AfterSet(config, "data.count=16", "/data/count"), 16);
  EXPECT_EQ(AfterSet(config, "data.labels=3", "/data/labels"), Json::array({3}));
  EXPECT_EQ(AfterSet(config, "data.labels=3,4", "/data/labels"), (Json{3, 4}));
  EXPECT_ERROR(AfterSet(config, "data={\"type\": ", ""), "--set data={\"type\": : not valid JSON");
}

TEST(Set, ANameStandsForAnObjectWithThatType) {
  EXPECT_EQ(AfterSet({{"scheduler", "ddim"}}, "scheduler.eta=0.5,1", "/scheduler"),
            (Json{{"type", "ddim"}, {"eta", {0.5, 1}}}));
  EXPECT_EQ(AfterSet({{"scheduler", {"ddim", "euler"}}}, "scheduler.ddim.eta=1", "/scheduler/0"),
            (Json{{"type", "ddim"}, {"eta", 1}}));
  EXPECT_EQ(AfterSet({{"methods", {"full_step", "deepcache"}}}, "methods.deepcache.interval=2,3", "/methods/1"),
            (Json{{"type", "deepcache"}, {"interval", {2, 3}}}));
  EXPECT_ERROR(AfterSet({{"methods", {"full_step", "deepcache"}}}, "methods.deep_cache.interval=2", ""),
               "no entry is called deep_cache; there are: full_step, deepcache; did you mean \"deepcache\"?");
}

std::filesystem::path Write(const TempDir& dir, const Json& config) {
  WriteFile(dir / "c.json", config.dump());
  return dir / "c.json";
}

Json Minimal() {
  return {{"pipeline", "p"},
          {"data", {{"type", "unconditional"}, {"count", 2}}},
          {"methods", {{{"type", "fewer_steps"}, {"steps", 5}}}}};
}

TEST(Config, OneNameNeedsNoList) {
  const TempDir dir;
  const ExperimentConfig config = ReadExperimentConfig(
      Write(dir, Minimal()),
      {"metrics=psnr", "save=images", "metric_weights=w", "methods=full_step,deepcache", "scheduler=euler"});
  ASSERT_EQ(config.metrics.size(), 1u);
  EXPECT_EQ(config.metrics[0]->name, "psnr");
  EXPECT_EQ(config.save, std::set<std::string>{"images"});
  EXPECT_EQ(config.metric_weights, std::vector<std::filesystem::path>{dir / "w"});
  ASSERT_EQ(config.settings.size(), 2u);
  EXPECT_EQ(config.settings[1].label, "deepcache(interval=3,branch=0)");
  EXPECT_EQ(config.runs[0].scheduler, "euler");
  EXPECT_EQ(ReadExperimentConfig(Write(dir, Minimal()), {"methods=deepcache"}).settings.size(),
            2u);  // and the full run
  EXPECT_ERROR(ReadExperimentConfig(Write(dir, Minimal()), {"metrics=5"}),
               "metrics: expected a list of strings, found 5");
  EXPECT_ERROR(ReadExperimentConfig(Write(dir, Minimal()), {"methods=full_step,5"}),
               "methods[1]: expected a name or an object with a \"type\", found 5");
  EXPECT_ERROR(ReadExperimentConfig(Write(dir, Minimal()), {"methods=null"}), "methods: missing");
}

TEST(Config, UnknownNamesSayWhatWasMeant) {
  const TempDir dir;
  const auto refused = [&](const std::string& set, const std::string& message) {
    SCOPED_TRACE(set);
    EXPECT_ERROR(ReadExperimentConfig(Write(dir, Minimal()), {set}), message);
  };
  refused("guidence=4", "did you mean \"guidance\"?");
  refused("method.x.delta=4", "did you mean \"methods\"?");
  refused("methods=DeepCach", "did you mean \"deepcache\"?");
  refused("methods.fewer_steps.step=4", "methods[0].step");
  refused("metrics=psrn,ssim", "did you mean \"psnr\"?");
  refused("metrics=fid_clean", "did you mean \"fid:clean\"?");
  refused("dtype=float23", "did you mean \"float32\"?");
  refused("save=image", "did you mean \"images\"?");
  refused("scheduler=dimm", "c.json: scheduler: unknown scheduler \"dimm\"; known: ddim, ");
  refused("scheduler=eulr", "did you mean \"euler\"?");
  refused("scheduler=ddim,DDIMSchedular", "c.json: scheduler[1]: unknown scheduler \"DDIMSchedular\"");
  refused("scheduler={\"type\": \"pndn\"}", "c.json: scheduler.type: unknown scheduler \"pndn\"");
  refused("noise.source=torchcpu", "did you mean \"torch_cpu\"?");
}

TEST(Config, MetricReferenceOptions) {
  const TempDir dir;
  const auto read = [&](const Json& options) {
    Json json = Minimal();
    json["metrics"] = {"fd_fashion"};
    if (!options.is_null()) json["metric_reference_options"] = options;
    return ReadExperimentConfig(Write(dir, json), {});
  };
  EXPECT_FALSE(read({}).reference_skip_broken);
  EXPECT_EQ(read({}).reference_frames, 0);  // all
  const ExperimentConfig both = read({{"skip_broken", true}, {"frames", 16}});
  EXPECT_TRUE(both.reference_skip_broken);
  EXPECT_EQ(both.reference_frames, 16);
  EXPECT_FALSE(read({{"skip_broken", false}}).reference_skip_broken);
  EXPECT_EQ(ReadExperimentConfig(Write(dir, Minimal()), {"metric_reference_options.frames=8"}).reference_frames, 8);
  EXPECT_ERROR(read({{"skip-broken", true}}), "c.json: metric_reference_options.skip-broken: unknown key");
  EXPECT_ERROR(read({{"frame", 16}}), "did you mean \"frames\"?");
  EXPECT_ERROR(read({{"skip_broken", 1}}), "c.json: metric_reference_options.skip_broken");
  EXPECT_ERROR(read({{"frames", 0}}),
               "c.json: metric_reference_options.frames: expected an integer in [1, 65536], found 0");
  EXPECT_ERROR(read("skip_broken"), "c.json: metric_reference_options");
}

TEST(Config, DefaultsAndTheReference) {
  const TempDir dir;
  const auto config = ReadExperimentConfig(Write(dir, Minimal()), {});
  EXPECT_EQ(config.name, "c");
  EXPECT_EQ(config.runs.size(), 1u);
  EXPECT_EQ(config.runs[0].steps, 50);
  ASSERT_EQ(config.settings.size(), 2u);  // full_step is added: metrics need it
  EXPECT_TRUE(config.settings[0].reference);
  EXPECT_EQ(config.settings[1].label, "fewer_steps(steps=5)");
}

TEST(Config, RunsAreACrossProductAndLabelled) {
  const TempDir dir;
  Json json = Minimal();
  json["scheduler"] = {"ddim", {{"type", "euler"}, {"use_karras_sigmas", {false, true}}}};
  json["steps"] = {20, 50};
  const auto config = ReadExperimentConfig(Write(dir, json), {});
  EXPECT_EQ(config.runs.size(), 6u);
  EXPECT_EQ(config.settings.size(), 12u);
  EXPECT_EQ(config.settings[0].label, "full_step [ddim, 20 steps]");
  EXPECT_EQ(config.settings.back().label, "fewer_steps(steps=5) [euler use_karras_sigmas=true, 50 steps]");
  json["steps"] = {20, 20};
  EXPECT_ERROR(ReadExperimentConfig(Write(dir, json), {}), "is given twice");
}

TEST(Config, WavesHoldWholeGroups) {
  const TempDir dir;
  Json json = Minimal();
  json["group_size"] = 6;
  json["batch_size"] = 16;
  json["wave_size"] = 16;
  EXPECT_EQ(ReadExperimentConfig(Write(dir, json), {}).wave_size, 18);
}

// A quarter of a call where there are settings enough to fill it, more where there are not.
TEST(Config, WavesAreSmallUnlessTheConfigSaysOtherwise) {
  const TempDir dir;
  Json json = Minimal();
  json["batch_size"] = 16;
  json["methods"] = Json::array({{{"type", "full_step"}}});
  EXPECT_EQ(ReadExperimentConfig(Write(dir, json), {}).wave_size, 16);
  json["methods"].push_back({{"type", "fewer_steps"}, {"steps", 5}});
  EXPECT_EQ(ReadExperimentConfig(Write(dir, json), {}).wave_size, 8);
  json["methods"].push_back({{"type", "adaptive_diffusion"}, {"delta", {0.1, 0.2, 0.3}}});
  EXPECT_EQ(ReadExperimentConfig(Write(dir, json), {}).wave_size, 4);
  json["group_size"] = 6;
  EXPECT_EQ(ReadExperimentConfig(Write(dir, json), {}).wave_size, 6);
  // Decisions are looked at as often as ever.
  json["decide"] = {{"question", "pareto"}};
  EXPECT_EQ(ReadExperimentConfig(Write(dir, json), {}).decide->look, 18);
}

TEST(FileNoise, TakesRowsByPlaceAndDrawsByCall) {
  const TempDir dir;
  const at::Tensor initial = at::randn({3, 2, 4}), steps = at::randn({5, 3, 2, 4});
  const auto bytes = [](const at::Tensor& t) {
    return std::as_bytes(std::span(t.const_data_ptr<float>(), static_cast<size_t>(t.numel())));
  };
  const SafetensorsEntry rows{"noise", Dtype::kF32, {3, 2, 4}, bytes(initial)},
      draws{"steps", Dtype::kF32, {5, 3, 2, 4}, bytes(steps)};
  WriteSafetensors(dir / "n.safetensors", {rows, draws});
  NoiseConfig config{
      .source = "file", .path = dir / "n.safetensors", .step_path = dir / "n.safetensors", .step_tensor = "steps"};
  const auto source = MakeNoise(config, 0);
  const int64_t shape[] = {2, 4};
  const auto stream = source->Open(1000, 2, shape);
  EXPECT_TRUE(at::equal(stream->Draw(0), initial[2]));
  EXPECT_TRUE(at::equal(stream->Draw(4), steps[3][2]));
  EXPECT_ERROR(stream->Draw(6), "has draws for 5 calls, call 5 needs one");
  EXPECT_ERROR(source->Open(7, 3, shape)->Draw(0), "has noise for 3 samples, sample number 3 needs a row");
  const int64_t other[] = {2, 5};
  EXPECT_ERROR(source->Open(7, 0, other)->Draw(0), "rows have the shape [2, 4], the latents [2, 5]");
  config.step_path.clear();
  EXPECT_ERROR(MakeNoise(config, 0)->Open(7, 0, shape)->Draw(1), "give \"step_noise\"");
}

TEST(Config, TextThatResultsCannotKeepIsRefused) {
  const testing::TempDir dir;
  const std::string head =
      R"({"pipeline": "fashion-scenes", "data": {"type": "unconditional", "count": 1}, "methods": [{"type": "full_step"}], )";
  const auto read = [&](const std::string& rest, const std::vector<std::string>& sets = {}) {
    testing::WriteFile(dir / "config.json", head + rest + "}");
    ReadExperimentConfig(dir / "config.json", sets);
  };
  EXPECT_ERROR(read(R"("name": "a\u0000b")"),
               "config.json: name, \"a\xEF\xBF\xBD"
               "b\": a zero byte at place 1");
  EXPECT_ERROR(read(R"("metrics": ["psnr", "x\u0000"])"), "config.json: metrics[1]");
  EXPECT_ERROR(read(R"("name": "a")", {"name=b\xE9"}), "name");
}

TEST(ConfigKeys, AreListedAndHoldTheirLimits) {
  const TempDir dir;
  for (const auto& key : ConfigTable().List()) {
    SCOPED_TRACE(key.name);
    EXPECT_FALSE(key.Allowed().empty());
    const auto refused = [&](const Json& value) {
      Json json = Minimal();
      if (key.name.starts_with("noise.")) json["noise"] = {{"source", "file"}, {"path", "n.safetensors"}};
      if (key.name.starts_with("path_study.")) json["path_study"] = {{"skips", 1}, {"estimators", Json::array()}};
      std::string pointer = "/" + key.name;
      std::replace(pointer.begin(), pointer.end(), '.', '/');
      json[Json::json_pointer(pointer)] = value;
      EXPECT_ERROR(ReadExperimentConfig(Write(dir, json), {}), "c.json: " + key.name + ": expected");
    };
    if (key.name != "path_study.estimators.method" && key.kind != OptionKind::kOther &&
        key.name != "metric_reference" && !key.name.starts_with("path_study.search."))
      refused(Json{{"a", 1}});
    if (key.list || key.name.starts_with("path_study.search.")) continue;
    for (const auto& [limit, step] : {std::pair(key.min, -1), std::pair(key.max, 1)})
      if (limit.is_number()) refused(limit.get<int64_t>() + step);
  }
}

TEST(ConfigKeys, ListedDefaultsAreThoseInForce) {
  const TempDir dir;
  const ExperimentConfig plain = ReadExperimentConfig(Write(dir, Minimal()), {});
  for (const auto& key : ConfigTable().List()) {
    Json json = Minimal();
    // Defaults in words ("the model's own") are none that could be said.
    if (key.fallback.empty() || key.name.find('.') != std::string::npos ||
        (key.kind == OptionKind::kText && key.choices.empty()))
      continue;
    json[key.name] = key.kind == OptionKind::kText || key.kind == OptionKind::kSize
                         ? Json(key.fallback)
                         : Json::parse(key.fallback, nullptr, false);
    if (json[key.name].is_discarded() || key.name == "tokenizer" || key.name == "memory" || key.name == "frames")
      continue;
    SCOPED_TRACE(key.name);
    EXPECT_EQ(ConfigTable().Write(ReadExperimentConfig(Write(dir, json), {})), ConfigTable().Write(plain));
  }
}

TEST(ConfigKeys, LimitsHoldForAConfigBuiltInCpp) {
  ExperimentConfig config;
  ConfigTable().Validate(config);
  config.batch_size = 0;
  EXPECT_ERROR(ConfigTable().Validate(config), "config: batch_size: expected an integer in [1, 4096], found 0");
  config = {};
  config.latency.repeats = 0;
  EXPECT_ERROR(ConfigTable().Validate(config), "latency: repeats: expected an integer in [1, 1000], found 0");
  config = {};
  config.batch_invariant = true;
  config.model.decode_chunk = 4;
  EXPECT_ERROR(ConfigTable().Validate(config),
               "config: decode_chunk: with batch_invariant every frame is decoded alone");
}

TEST(ConfigKeys, SizesHaveUnits) {
  const TempDir dir;
  const auto read = [&](const std::string& set) { return ReadExperimentConfig(Write(dir, Minimal()), {set}); };
  EXPECT_EQ(read("search_memory=512").search_memory, int64_t{512} << 20);  // MiB
  EXPECT_EQ(read("search_memory=2GiB").search_memory, int64_t{2} << 30);
  EXPECT_EQ(read("name=a").search_memory, int64_t{1} << 30);
  EXPECT_EQ(read("memory=1.5GB").memory, 1'500'000'000);
  EXPECT_ERROR(read("search_memory=2parsec"), "search_memory: expected a size above 0 with a unit");
  EXPECT_ERROR(read("search_memory=0"), "search_memory: expected an integer in [1, ");
  EXPECT_ERROR(read("memory=512"), "memory: expected a size above 0 with a unit");
}

}  // namespace
}  // namespace skipbench
