// What is done to latents before they are decoded, by family, as diffusers 0.42.1 does it.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "harness/pipelines/load_pipeline.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::TempDir;

// The fixture's folder with `changes` in vae/config.json, all else by links.
std::unique_ptr<Pipeline> Open(const TempDir& temp, const std::string& model, const Json& changes) {
  const fs::path source = testing::FixtureRoot() / "diffusion/models" / model, folder = temp / model;
  fs::remove_all(folder);
  fs::create_directories(folder / "vae");
  for (const auto& entry : fs::directory_iterator(source))
    if (entry.path().filename() != "vae") fs::create_symlink(entry.path(), folder / entry.path().filename());
  for (const auto& entry : fs::directory_iterator(source / "vae"))
    if (entry.path().filename() != "config.json")
      fs::create_symlink(entry.path(), folder / "vae" / entry.path().filename());
  Json config = ReadJsonFile(source / "vae/config.json");
  config.update(changes);
  testing::WriteFile(folder / "vae/config.json", config.dump());
  return LoadPipeline(folder, {});
}

TEST(LatentFactors, StableDiffusionAndXlAsDiffusersDo) {
  if (!fs::exists(testing::FixtureRoot() / "diffusion/models")) GTEST_SKIP() << "no diffusion fixtures";
  c10::InferenceMode inference;
  const TempDir temp;
  const at::Tensor latents = at::arange(4 * 8 * 8, at::kFloat).sin().view({1, 4, 8, 8});
  const std::vector<double> mean = {0.3, -0.2, 0.1, 0.4}, std = {0.5, 2, 1.5, 0.7};
  for (const char* model : {"sd15-tiny", "sdxl-tiny"}) {
    SCOPED_TRACE(model);
    const bool xl = std::string(model) == "sdxl-tiny";
    const auto plain_pipeline = Open(temp, model, Json::object());
    const at::Tensor plain = plain_pipeline->Decode(latents);
    EXPECT_TRUE(at::equal(Open(temp, model, {{"shift_factor", 0.5}})->Decode(latents), plain));
    EXPECT_TRUE(at::equal(Open(temp, model, {{"latents_mean", mean}})->Decode(latents), plain));
    const at::Tensor both =
        Open(temp, model, {{"latents_mean", mean}, {"latents_std", std}, {"shift_factor", 0.5}})->Decode(latents);
    EXPECT_EQ(at::equal(both, plain), !xl);
    if (!xl) continue;
    // z = x · std / scaling_factor + mean, so x · std + mean · scaling_factor gives the same where nothing but the
    // factor is known.
    const auto channel = [](const std::vector<double>& v) { return at::tensor(v, at::kFloat).view({1, 4, 1, 1}); };
    const at::Tensor scaled = latents * channel(std) + channel(mean) * 0.13025;
    const at::Tensor difference = (both.to(at::kInt) - plain_pipeline->Decode(scaled).to(at::kInt)).abs();
    EXPECT_LE(difference.max().item<int>(), 1);  // of 255: a rounding
  }
}

}  // namespace
}  // namespace skipbench
