// What a plan refuses or notes before anything is computed.
#include "harness/experiment/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/io/pictures/png.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::WriteFile;

// Of a config for `model` with these keys beside those that every config needs; no weights are read.
Plan PlanOf(const TempDir& dir, const fs::path& model, const Json& data, const Json& keys) {
  Json config = {{"pipeline", model.string()}, {"steps", 2}, {"data", data}, {"methods", {"full_step"}}};
  config.update(keys);
  WriteFile(dir / "c.json", config.dump());
  return MakePlan(ReadExperimentConfig(dir / "c.json", {}), {.models = "", .shapes_only = true});
}

const Json kPrompt = {{"type", "prompts"}, {"prompts", {"a red shirt"}}};

// A pipeline that cannot do what a key asks for says what it is itself.
TEST(PlanKeys, AreRefusedByWhatThePipelineIs) {
  const fs::path models = testing::FixtureRoot() / "diffusion/models", video = testing::FixtureRoot() / "video/models";
  if (!fs::exists(models) || !fs::exists(video)) GTEST_SKIP() << "no " << models;
  const TempDir dir;
  const Json numbers = {{"type", "unconditional"}, {"count", 1}}, labels = {{"type", "class_labels"}, {"labels", {0}}};
  for (const char* key : {"vae_tiling", "vae_slicing"}) {
    const Json on = {{key, true}};
    const std::string place = "c.json: " + std::string(key) + ": ";
    EXPECT_ERROR(PlanOf(dir, models / "ddpm-cifar-tiny", numbers, on), place + "there is no autoencoder that decodes");
    EXPECT_ERROR(PlanOf(dir, models / "ldm4-tiny", labels, on), place + "only an AutoencoderKL decodes so");
    EXPECT_ERROR(PlanOf(dir, video / "ms-t2v-tiny", kPrompt, on), place + "frames are decoded in chunks");
    EXPECT_NO_THROW(PlanOf(dir, models / "sd15-tiny", kPrompt, on));
  }
  EXPECT_ERROR(PlanOf(dir, models / "ldm4-tiny", labels, {{"negative_prompt", "x"}}),
               "c.json: negative_prompt: there are no prompts; ");
}

TEST(PlanKeys, SchedulerOptionsAreNamedWhereTheyAreGiven) {
  const TempDir dir;
  const fs::path model = testing::SourceDir() / "datasets/fashion_scenes/model";
  EXPECT_ERROR(PlanOf(dir, model, kPrompt, {{"scheduler", {{"type", "ddim"}, {"stpes_offset", 1}}}}),
               "c.json: scheduler.stpes_offset: unknown key");
  EXPECT_ERROR(PlanOf(dir, model, kPrompt, {{"scheduler", {"euler", {{"type", "ddim"}, {"eta", 2}}}}}),
               "c.json: scheduler[1].eta: expected a number in [0, 1], found 2");
}

TEST(PlanNotes, FewerStepsThatAreMore) {
  const TempDir dir;
  const fs::path model = testing::SourceDir() / "datasets/fashion_scenes/model";
  const Plan plan =
      PlanOf(dir, model, kPrompt,
             {{"steps", 8}, {"methods", {{{"type", "full_step"}}, {{"type", "fewer_steps"}, {"steps", {4, 12}}}}}});
  EXPECT_THAT(plan.notes, Contains(HasSubstr("fewer_steps(steps=12): more steps than the 8 of the full run")));
  EXPECT_THAT(plan.notes, ::testing::Not(Contains(HasSubstr("fewer_steps(steps=4)"))));
}

TEST(PlanNotes, ClipsOfTheReferenceThatLackFrames) {
  const TempDir dir;
  for (const char* frame : {"1", "2", "4"})
    WriteFile(dir / (std::string("clips/walk/") + frame + ".png"),
              EncodePng(Image{.width = 4, .height = 3, .pixels = std::vector<uint8_t>(36, 9)}, frame));
  const Plan plan = PlanOf(dir, testing::SourceDir() / "datasets/fashion_motion/model", kPrompt,
                           {{"metrics", {"fd_motion"}}, {"metric_reference", "clips"}});
  EXPECT_THAT(plan.notes, Contains(HasSubstr("clips/walk/2.png comes 4.png")));
}

}  // namespace
}  // namespace skipbench
