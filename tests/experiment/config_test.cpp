#include "harness/experiment/config.h"

#include <gtest/gtest.h>

#include "harness/experiment/file_noise.h"
#include "harness/experiment/pictures_out.h"
#include "harness/experiment/sweep.h"
#include "harness/io/safetensors.h"
#include "tests/support/fixtures.h"

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

TEST(Sweep, ListValuedKeysAreSweptByListsOfLists) {
  EXPECT_EQ(ExpandSweeps({{"mask", {1, 0}}}, {"mask"}, "f").size(), 1u);
  const auto two = ExpandSweeps({{"mask", {{1, 0}, {1, 1}}}}, {"mask"}, "f");
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
  EXPECT_ERROR(ApplySet(&config, "methods.magic.delta=1"), "no entry is called magic; there are: x, adaptive_diffusion, full_step");
  EXPECT_ERROR(ApplySet(&config, "steps.x=1"), "steps is 20 (an integer), which has no keys");
  EXPECT_ERROR(ApplySet(&config, "steps"), "expected PATH=VALUE");
}

std::filesystem::path Write(const TempDir& dir, const Json& config) {
  WriteFile(dir / "c.json", config.dump());
  return dir / "c.json";
}

Json Minimal() {
  return {{"pipeline", "p"}, {"data", {{"type", "unconditional"}, {"count", 2}}}, {"methods", {{{"type", "fewer_steps"}, {"steps", 5}}}}};
}

TEST(Config, DefaultsAndTheReference) {
  const TempDir dir;
  const auto config = ReadExperimentConfig(Write(dir, Minimal()), {});
  EXPECT_EQ(config.name, "c");
  EXPECT_EQ(config.runs.size(), 1u);
  EXPECT_EQ(config.runs[0].steps, 50);
  ASSERT_EQ(config.settings.size(), 2u);      // full_step is added: metrics need it
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
  EXPECT_EQ(ReadExperimentConfig(Write(dir, json), {}).wave_size, 18);
}

TEST(FileNoise, TakesRowsByPlaceAndDrawsByCall) {
  const TempDir dir;
  const at::Tensor initial = at::randn({3, 2, 4}), steps = at::randn({5, 3, 2, 4});
  const auto bytes = [](const at::Tensor& t) {
    return std::as_bytes(std::span(t.const_data_ptr<float>(), static_cast<size_t>(t.numel())));
  };
  const SafetensorsEntry rows{"noise", Dtype::kF32, {3, 2, 4}, bytes(initial)}, draws{"steps", Dtype::kF32, {5, 3, 2, 4}, bytes(steps)};
  WriteSafetensors(dir / "n.safetensors", {rows, draws});
  NoiseConfig config{.source = "file", .path = dir / "n.safetensors", .step_path = dir / "n.safetensors", .step_tensor = "steps"};
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

TEST(Pictures, FolderNames) {
  EXPECT_EQ(FolderName("adaptive_diffusion(delta=0.01,max_skips=4) [euler, 25 steps]"), "adaptive_diffusion_delta=0.01_max_skips=4_euler_25_steps");
  EXPECT_EQ(FolderName("../../etc"), "_.._.._etc");
  EXPECT_EQ(FolderName(".."), "_..");
}

}  // namespace
}  // namespace skipbench
