// The networks of both video pipelines against diffusers and transformers: outputs, blocks, and every step of
// I2VGen-XL's conditioning.
#include "harness/models/i2vgen_xl_unet.h"
#include "harness/nn/layers/temporal.h"
#include "harness/pipelines/pictures.h"
#include "harness/schedulers/catalog.h"
#include "tests/fixtures_video/video_fixtures.h"

namespace skipbench {
namespace {

using testing::ForEachVideoCase;
using testing::Manifest;
using testing::MaxAbsDiff;
using testing::ModelPath;
using testing::Tensors;
using testing::VideoCase;

at::Tensor Get(const VideoCase& c, const std::string& name) {
  const auto found = c.tensors.find(name);
  return found == c.tensors.end() ? at::Tensor() : found->second;
}

at::Tensor ImageEmbeddings(const VideoCase& c) {
  const at::Tensor t = Get(c, "image_embeddings");
  return t.defined() ? t.flatten(1) : t;  // stored as [B, 1, D]
}

void CheckUNet(const Manifest& manifest, const VideoCase& c) {
  const std::unique_ptr<Network> unet = LoadFolder<Network>(ModelPath(manifest, c.model) / "unet");
  NetworkInputs inputs;
  inputs.sample = c.tensors.at("sample");
  inputs.timestep = c.tensors.at("timestep").to(at::kDouble).item<double>();
  inputs.conditioning["encoder_hidden_states"] = c.tensors.at("encoder_hidden_states");
  inputs.conditioning["fps"] = Get(c, "fps");
  inputs.conditioning["image_latents"] = Get(c, "image_latents");
  inputs.conditioning["image_embeddings"] = ImageEmbeddings(c);
  c.Expect("output", unet->Forward(inputs).sample);

  Tensors seen;
  inputs.observe = [&](const std::string& block, const at::Tensor& output) { seen[block] = output.clone(); };
  std::vector<CacheSite> all;
  for (int front = 0; front < unet->info().abilities.cache_positions; ++front) all.push_back({.front = front});
  const NetworkOutput full = unet->Forward(inputs, {.keep = all});
  c.Expect("output", full.sample);
  for (const auto& [name, value] : c.tensors) {
    if (!name.starts_with("block.")) continue;
    ASSERT_TRUE(seen.contains(name.substr(6))) << name;
    c.Expect(name, seen.at(name.substr(6)).expand(value.sizes()));
  }
  // A shallow forward on the features of the same inputs goes on where the full one was.
  inputs.observe = nullptr;
  for (const CacheSite& site : all)
    c.Expect("output", unet->Forward(inputs, {.site = site, .cached = full.kept.at(site)}).sample);
}

void CheckConditioning(const Manifest& manifest, const VideoCase& c) {
  const std::filesystem::path folder = ModelPath(manifest, c.model) / "unet";
  const Weights weights = Weights::FromFolder(folder, "diffusion_pytorch_model");
  const Json config = ReadJsonFile(folder / "config.json");
  const I2VGenXLUNet unet(I2VGenXLUNet::ParseConfig(JsonReader(config, "config.json")), weights);
  const at::Tensor image_latents = I2VGenXLImageLatents(c.tensors.at("first_image_latent"), c.frames);
  EXPECT_LE(MaxAbsDiff(image_latents, c.tensors.at("image_latents")), 1e-6);
  const at::Tensor text = c.tensors.at("encoder_hidden_states");
  const at::Tensor context = unet.ContextTokens(text, image_latents, ImageEmbeddings(c));
  c.Expect("context", context);
  const int64_t image_tokens = context.size(1) - text.size(1) - 4;
  EXPECT_EQ(image_tokens, 64);
  EXPECT_EQ(context.size(1), c.json.at("context_tokens").get<int64_t>());
  c.Expect("context_image_latent_tokens", context.narrow(1, text.size(1), image_tokens));
  c.Expect("context_image_embedding_tokens", context.narrow(1, text.size(1) + image_tokens, 4));
  c.Expect("image_latents_encoded", unet.EncodeImageLatents(image_latents));

  NetworkInputs inputs;
  inputs.sample = c.tensors.at("sample");
  inputs.timestep = c.tensors.at("timestep").to(at::kDouble).item<double>();
  inputs.conditioning["encoder_hidden_states"] = text;
  inputs.conditioning["image_latents"] = image_latents;
  inputs.conditioning["image_embeddings"] = ImageEmbeddings(c);
  inputs.conditioning["fps"] = c.tensors.at("fps");
  Tensors seen;
  inputs.observe = [&](const std::string& block, const at::Tensor& output) { seen[block] = output.clone(); };
  unet.Forward(inputs);
  for (const char* name : {"time_proj", "time_embedding", "fps_proj", "fps_embedding", "embedding_sum", "conv_in_input",
                           "conv_in", "transformer_in"})
    c.Expect(name, seen.at(name).expand(c.tensors.at(name).sizes()));
}

void CheckTextEncoder(const Manifest& manifest, const VideoCase& c) {
  const std::unique_ptr<CLIPTextModel> model = LoadFolder<CLIPTextModel>(ModelPath(manifest, c.model) / "text_encoder");
  const ClipTextOutput output = model->Forward(c.tensors.at("input_ids"));
  c.Expect("last_hidden_state", output.last_hidden_state);
  for (size_t i = 0; i < output.hidden_states.size(); ++i)
    c.Expect("hidden_states." + std::to_string(i), output.hidden_states[i]);
  c.Expect("clip_skip_1", model->FinalNorm(output.penultimate()));
}

void CheckImageEncoder(const Manifest& manifest, const VideoCase& c) {
  const auto model = LoadFolder<CLIPVisionModelWithProjection>(ModelPath(manifest, c.model) / "image_encoder");
  const ClipVisionOutput output = model->Forward(c.tensors.at("pixel_values"));
  c.Expect("embeddings", output.embeddings);
  c.Expect("pre_layrnorm", output.hidden_states[0]);
  for (size_t i = 0; i < output.hidden_states.size(); ++i)
    c.Expect("hidden_states." + std::to_string(i), output.hidden_states[i]);
  c.Expect("last_hidden_state", output.last_hidden_state);
  c.Expect("pooled", output.pooled);
  c.Expect("image_embeds", output.image_embeds);
}

void CheckAutoencoder(const Manifest& manifest, const VideoCase& c) {
  const std::unique_ptr<AutoencoderKL> vae = LoadFolder<AutoencoderKL>(ModelPath(manifest, c.model) / "vae");
  const double factor = vae->config().scaling_factor;
  EXPECT_DOUBLE_EQ(factor, c.json.at("scaling_factor").get<double>());
  const at::Tensor moments = vae->Encode(c.tensors.at("image"));
  c.Expect("moments", moments);
  const LatentDistribution split = SplitMoments(moments);
  c.Expect("mean", split.mean);
  c.Expect("logvar", split.logvar);
  c.Expect("std", split.std);
  c.Expect("sampled", split.mean + split.std * c.tensors.at("noise"));
  const at::Tensor latents = c.tensors.at("latents");
  const at::Tensor expected = c.tensors.at("frames_u8");
  c.Expect("decoded", UnfoldFrames(vae->Decode(FoldFrames(latents / factor)), latents.size(2)));
  for (int64_t chunk : {int64_t{1}, int64_t{3}, latents.size(0) * latents.size(2)}) {
    const at::Tensor u8 = DecodeClips(*vae, latents, chunk).permute({0, 1, 3, 4, 2});
    EXPECT_LE(MaxAbsDiff(u8, expected), c.json.value("frames_u8_tolerance", 1)) << "chunks of " << chunk;
  }
}

void CheckScheduler(const Manifest& manifest, const VideoCase& c) {
  const auto file = ModelPath(manifest, c.model) / "scheduler" / "scheduler_config.json";
  const Json config = ReadJsonFile(file);
  int runs = 0;
  for (const auto& [name, tensor] : c.tensors) {
    if (!name.starts_with("timesteps.")) continue;
    ++runs;
    const bool trailing = name.find("trailing") != std::string::npos;
    if (!name.starts_with("timesteps.ddim")) continue;  // other schedulers: the trajectories
    Json overrides = Json::object();
    if (trailing) overrides["timestep_spacing"] = "trailing";
    const auto scheduler =
        MakeScheduler("DDIMScheduler", config, overrides, static_cast<int>(tensor.numel()), file.string());
    ASSERT_EQ(scheduler->calls(), tensor.numel()) << name;
    for (int call = 0; call < scheduler->calls(); ++call)
      EXPECT_EQ(scheduler->timestep(call), tensor[call].to(at::kDouble).item<double>()) << name << " call " << call;
  }
  EXPECT_GT(runs, 0);
}

TEST(VideoFixtures, NetworksEqualTheReference) {
  const auto is_network = [](const Json& row) {
    const std::string part = row.at("part");
    return !part.starts_with("temporal_") && part != "transformer_in" && part != "spatial_transformer";
  };
  ForEachVideoCase("forward", is_network, [](const Manifest& manifest, const VideoCase& c) {
    if (c.part == "unet") return CheckUNet(manifest, c);
    if (c.part == "i2v_conditioning") return CheckConditioning(manifest, c);
    if (c.part == "text_encoder") return CheckTextEncoder(manifest, c);
    if (c.part == "image_encoder") return CheckImageEncoder(manifest, c);
    if (c.part == "vae") return CheckAutoencoder(manifest, c);
    if (c.part == "scheduler") return CheckScheduler(manifest, c);
    ADD_FAILURE() << "a part this test does not know: " << c.part;
  });
}

}  // namespace
}  // namespace skipbench
