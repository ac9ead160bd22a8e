// Networks against diffusers and transformers: outputs and, where a case has them, the outputs of every block.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/models/autoencoder_kl.h"
#include "harness/models/clip_text.h"
#include "harness/models/load.h"
#include "harness/models/vq_model.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::LoadManifest;
using testing::LoadTensors;
using testing::Manifest;
using testing::MaxAbsDiff;
using testing::RelativeDiff;
using Tensors = std::map<std::string, at::Tensor>;

// Recorded with the case: the largest difference between float32 and float64 networks, which says what is float noise.
double Tolerance(const Json& json, const std::string& key = "f32_f64_max_abs_diff") {
  return 10 * json.at(key).get<double>() + 1e-5;
}

// The folder of one part of a model; a model whose files are all at its root has no folder for it.
std::filesystem::path PartFolder(const Manifest& manifest, const std::string& model, const std::string& part) {
  for (const Json& row : manifest.json.at("cases"))
    if (row.at("kind") == "model" && row.at("id") == model) {
      const std::filesystem::path folder = manifest.folder / row.at("folder").get<std::string>();
      return std::filesystem::is_directory(folder / part) ? folder / part : folder;
    }
  throw std::runtime_error("no model " + model + " in the manifest");
}

at::Tensor Get(const Tensors& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  return found == tensors.end() ? at::Tensor() : found->second;
}

void ExpectBlocks(const Tensors& expected, const Tensors& seen, double tolerance) {
  for (const auto& [name, value] : expected) {
    if (!name.starts_with("block.")) continue;
    const auto found = seen.find(name.substr(6));
    ASSERT_NE(found, seen.end()) << name;
    const double scale = std::max(1.0, value.abs().max().item<double>());
    EXPECT_LE(MaxAbsDiff(found->second.expand(value.sizes()), value), tolerance * scale) << name;
  }
}

void CheckUNet(const std::filesystem::path& folder, const Json& json, const Tensors& tensors) {
  const std::unique_ptr<Network> unet = LoadFolder<Network>(folder);
  NetworkInputs inputs;
  inputs.sample = tensors.at("sample");
  inputs.timestep = tensors.at("timestep").to(at::kDouble).item<double>();
  inputs.conditioning["encoder_hidden_states"] = Get(tensors, "prompt_embeds");
  inputs.conditioning["text_embeds"] = Get(tensors, "pooled_prompt_embeds");
  inputs.conditioning["time_ids"] = Get(tensors, "time_ids");
  inputs.conditioning["class_labels"] = Get(tensors, "class_labels");
  const double tolerance = Tolerance(json);
  EXPECT_LE(MaxAbsDiff(unet->Forward(inputs).sample, tensors.at("output")), tolerance);

  Tensors seen;
  inputs.observe = [&](const std::string& block, const at::Tensor& output) { seen[block] = output.clone(); };
  EXPECT_LE(MaxAbsDiff(unet->Forward(inputs).sample, tensors.at("output")), tolerance);
  ExpectBlocks(tensors, seen, tolerance);
}

void CheckTextEncoder(const std::filesystem::path& folder, const Json& json, const Tensors& tensors) {
  const std::unique_ptr<CLIPTextModel> model = LoadFolder<CLIPTextModel>(folder);
  const ClipTextOutput output = model->Forward(tensors.at("input_ids"));
  const double tolerance = Tolerance(json);
  EXPECT_LE(MaxAbsDiff(output.last_hidden_state, tensors.at("last_hidden_state")), tolerance);
  EXPECT_LE(MaxAbsDiff(output.pooled, tensors.at("pooler_output")), tolerance);
  for (size_t i = 0; i < output.hidden_states.size(); ++i)
    EXPECT_LE(MaxAbsDiff(output.hidden_states[i], tensors.at("hidden_states." + std::to_string(i))), tolerance) << i;
  EXPECT_EQ(tensors.count("hidden_states." + std::to_string(output.hidden_states.size())), 0u);
  ASSERT_EQ(output.text_embeds.defined(), tensors.contains("text_embeds"));
  if (output.text_embeds.defined()) {
    EXPECT_LE(MaxAbsDiff(output.text_embeds, tensors.at("text_embeds")), tolerance);
  }
}

void CheckAutoencoderKL(const std::filesystem::path& folder, const Json& json, const Tensors& tensors) {
  const std::unique_ptr<AutoencoderKL> vae = LoadFolder<AutoencoderKL>(folder);
  EXPECT_DOUBLE_EQ(vae->config().scaling_factor, json.at("scaling_factor").get<double>());
  EXPECT_LE(MaxAbsDiff(vae->Decode(tensors.at("latent")), tensors.at("decoded")), Tolerance(json));
  const double tolerance = Tolerance(json, "encode_f32_f64_max_abs_diff");
  const at::Tensor moments = vae->Encode(tensors.at("image"));
  EXPECT_LE(MaxAbsDiff(moments, tensors.at("moments")), tolerance);
  const LatentDistribution split = SplitMoments(moments);
  EXPECT_LE(MaxAbsDiff(split.mean, tensors.at("mean")), tolerance);
  EXPECT_LE(MaxAbsDiff(split.logvar, tensors.at("logvar")), tolerance);
  EXPECT_LE(RelativeDiff(split.std, tensors.at("std")), tolerance);
}

void CheckVQModel(const std::filesystem::path& folder, const Json& json, const Tensors& tensors) {
  const std::unique_ptr<VQModel> vq = LoadFolder<VQModel>(folder);
  const double tolerance = Tolerance(json);
  EXPECT_LE(MaxAbsDiff(vq->Encode(tensors.at("image")), tensors.at("encoded")), tolerance);
  const VQModel::Quantised quantised = vq->Quantise(tensors.at("latent"));
  EXPECT_TRUE(quantised.indices.equal(tensors.at("indices")));
  EXPECT_LE(MaxAbsDiff(quantised.latent, tensors.at("quantised")), tolerance);
  EXPECT_LE(MaxAbsDiff(vq->Decode(tensors.at("latent")), tensors.at("decoded")), tolerance);
  EXPECT_LE(MaxAbsDiff(vq->DecodeQuantised(tensors.at("latent")), tensors.at("decoded_without_quantising")), tolerance);
}

TEST(NetworkFixtures, ForwardsEqualDiffusers) {
  const Manifest manifest = LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no diffusion fixtures";
  int cases = 0;
  for (const Json& row : manifest.json.at("cases")) {
    if (row.at("kind") != "forward") continue;
    SCOPED_TRACE(row.at("id").get<std::string>());
    const std::string part = row.at("part");
    const Json json = ReadJsonFile(manifest.folder / row.at("json").get<std::string>());
    const Tensors tensors = LoadTensors(manifest.folder / row.at("safetensors").get<std::string>());
    const std::filesystem::path folder = PartFolder(manifest, row.at("model"), part);
    if (part == "unet") {
      CheckUNet(folder, json, tensors);
    } else if (part.starts_with("text_encoder")) {
      CheckTextEncoder(folder, json, tensors);
    } else if (part == "vae") {
      CheckAutoencoderKL(folder, json, tensors);
    } else if (part == "vqvae") {
      CheckVQModel(folder, json, tensors);
    } else {
      ADD_FAILURE() << "a part this test does not know: " << part;
    }
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

// What enters a shallow forward's first layer, kept by a full forward of the same inputs, leads to the same output.
TEST(NetworkFixtures, ShallowForwardsContinueFullOnes) {
  const Manifest manifest = LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no diffusion fixtures";
  for (const Json& row : manifest.json.at("cases")) {
    if (row.at("kind") != "forward" || row.at("part") != "unet") continue;
    SCOPED_TRACE(row.at("id").get<std::string>());
    const Json json = ReadJsonFile(manifest.folder / row.at("json").get<std::string>());
    const Tensors tensors = LoadTensors(manifest.folder / row.at("safetensors").get<std::string>());
    const std::unique_ptr<Network> unet = LoadFolder<Network>(PartFolder(manifest, row.at("model"), "unet"));
    NetworkInputs inputs;
    inputs.sample = tensors.at("sample");
    inputs.timestep = tensors.at("timestep").to(at::kDouble).item<double>();
    inputs.conditioning["encoder_hidden_states"] = Get(tensors, "prompt_embeds");
    inputs.conditioning["text_embeds"] = Get(tensors, "pooled_prompt_embeds");
    inputs.conditioning["time_ids"] = Get(tensors, "time_ids");
    std::vector<CacheSite> all;
    for (int front = 0; front < unet->info().abilities.cache_positions; ++front) all.push_back({.front = front});
    const NetworkOutput full = unet->Forward(inputs, {.keep = all});
    ASSERT_EQ(full.kept.size(), all.size());
    for (const CacheSite& site : all)
      EXPECT_LE(MaxAbsDiff(unet->Forward(inputs, {.site = site, .cached = full.kept.at(site)}).sample, full.sample),
                Tolerance(json))
          << site.front;
  }
}

TEST(NetworkFixtures, ShippedModel) {
  const Manifest manifest = LoadManifest("fashion_scenes", "cases.json");
  if (!manifest.exists) GTEST_SKIP() << "no fashion_scenes fixtures";
  const Tensors tensors = LoadTensors(manifest.folder / "networks.safetensors");
  const std::filesystem::path model = testing::SourceDir() / "datasets" / "fashion_scenes" / "model";

  const ClipTextOutput text = LoadFolder<CLIPTextModel>(model / "text_encoder")->Forward(tensors.at("input_ids"));
  EXPECT_LE(RelativeDiff(text.last_hidden_state, tensors.at("last_hidden_state")), 1e-4);
  EXPECT_LE(RelativeDiff(text.penultimate(), tensors.at("penultimate")), 1e-4);
  EXPECT_LE(RelativeDiff(text.pooled, tensors.at("pooled")), 1e-4);

  NetworkInputs inputs;
  inputs.sample = tensors.at("unet_sample");
  inputs.timesteps = tensors.at("unet_timestep");
  inputs.conditioning["encoder_hidden_states"] = tensors.at("unet_context");
  EXPECT_LE(RelativeDiff(LoadFolder<Network>(model / "unet")->Forward(inputs).sample, tensors.at("unet_output")), 1e-4);

  EXPECT_LE(RelativeDiff(LoadFolder<AutoencoderKL>(model / "vae")->Decode(tensors.at("vae_latent")),
                         tensors.at("vae_decoded")),
            1e-4);
}

}  // namespace
}  // namespace skipbench
