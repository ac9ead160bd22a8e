// Pipelines from their folders against diffusers: conditioning of prompts and class labels, and pictures from latents.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "harness/models/class_embedder.h"
#include "harness/models/load.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/pipelines/pictures.h"
#include "harness/pipelines/text_to_image.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

std::filesystem::path FolderOf(const testing::Manifest& manifest, const std::string& model) {
  for (const auto& c : manifest.json["cases"])
    if (c["kind"] == "model" && c["id"] == model) return manifest.folder / c["folder"].get<std::string>();
  Fail("no model {} in the manifest", model);
}

void CheckTexts(const testing::Manifest& manifest, const Json& c, const std::map<std::string, at::Tensor>& expected) {
  const TextToImage pipeline{FolderSource(FolderOf(manifest, c["model"])), PipelineOptions{}};
  const auto prompts = c["prompts"].get<std::vector<std::string>>();
  const auto encoded = pipeline.EncodeTexts(prompts, false);
  const int64_t n = static_cast<int64_t>(prompts.size());
  EXPECT_LE(testing::RelativeDiff(encoded.tokens, expected.at("prompt_embeds").narrow(0, n, n)), 1e-4);
  if (expected.contains("pooled_prompt_embeds"))
    EXPECT_LE(testing::RelativeDiff(encoded.pooled, expected.at("pooled_prompt_embeds").narrow(0, n, n)), 1e-4);
  // The unconditional rows: the empty text, or zeros for SDXL.
  const at::Tensor negative = expected.at("prompt_embeds").narrow(0, 0, 1);
  if (negative.abs().max().item<double>() > 0)
    EXPECT_LE(testing::RelativeDiff(pipeline.EncodeTexts({""}, false).tokens, negative), 1e-4);
  else
    EXPECT_EQ(ModelFolder(FolderOf(manifest, c["model"])).class_name(), "StableDiffusionXLPipeline");
}

TEST(Pipelines, ConditioningMatchesTheReference) {
  const auto manifest = testing::LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no diffusion under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  for (const auto& entry : manifest.json["cases"]) {
    if (entry["kind"] != "conditioning") continue;
    SCOPED_TRACE(entry["id"].get<std::string>());
    const Json c = ReadJsonFile(manifest.folder / entry["json"].get<std::string>());
    const auto expected = testing::LoadTensors(manifest.folder / entry["safetensors"].get<std::string>());
    if (!c["prompts"].is_null()) {
      EXPECT_NO_THROW(CheckTexts(manifest, c, expected));
    } else {
      const auto embedder = LoadFolder<ClassEmbedder>(FolderOf(manifest, c["model"]) / "class_embedder");
      EXPECT_EQ(testing::MaxAbsDiff(embedder->Forward(expected.at("class_ids")), expected.at("prompt_embeds")), 0);
    }
  }
}

// Cases of whole trajectories with a picture: the decoder's output for the first sample of the batch.
TEST(Pipelines, PicturesMatchTheReference) {
  const auto manifest = testing::LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no diffusion under " << testing::FixtureRoot();
  c10::InferenceMode inference;
  for (const auto& entry : manifest.json["cases"]) {
    if (entry["kind"] != "trajectory") continue;
    const auto expected = testing::LoadTensors(manifest.folder / entry["safetensors"].get<std::string>());
    if (!expected.contains("image")) continue;
    SCOPED_TRACE(entry["id"].get<std::string>());
    const at::Tensor last = expected.at("latents")[-1].narrow(0, 0, 1);
    PipelineOptions options;
    const int64_t factor = expected.at("image").size(-1) / last.size(-1);
    options.height = factor * last.size(-2);
    options.width = factor * last.size(-1);
    const auto pipeline = LoadPipeline(FolderOf(manifest, entry["model"]), options);
    const at::Tensor picture = pipeline->Decode(last), reference = ToPictures(expected.at("image").view_as(picture));
    EXPECT_LE(testing::MaxAbsDiff(picture, reference), 1);
    EXPECT_LE((picture != reference).to(at::kFloat).mean().item<double>(), 0.005);
  }
}

}  // namespace
}  // namespace skipbench
