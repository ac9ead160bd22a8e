// The published transformers from their configs alone: parameters and multiply-accumulates; and what configs, files and
// inputs are refused.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <numeric>

#include "harness/base/error.h"
#include "harness/models/autoencoder_kl_wan.h"
#include "harness/models/load.h"
#include "harness/nn/layers/macs.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

struct Published {
  std::string name;
  Json config;                  // what their config.json says beside its defaults
  std::vector<int64_t> latent;  // [C, H, W] or [C, F, H, W]
  int64_t tokens = 0;           // of the text
  double parameters = 0;        // millions
  double linear = 0, all = 0;   // GMACs of one forward, without and with the products of attention
};

// Counted with diffusers 0.42.1 on the meta device; to four or more digits.
std::vector<Published> PublishedNetworks() {
  const Json dit = {{"_class_name", "Transformer2DModel"}, {"norm_type", "ada_norm_zero"}, {"out_channels", 8},
                    {"num_attention_heads", 16},           {"attention_head_dim", 72},     {"sample_size", 32}};
  Json dit512 = dit;
  dit512["sample_size"] = 64;
  const Json pixart = {
      {"_class_name", "Transformer2DModel"}, {"norm_type", "ada_norm_single"}, {"caption_channels", 4096},
      {"cross_attention_dim", 1152},         {"double_self_attention", false}, {"sample_size", 32}};
  Json pixart512 = pixart, pixart1024 = pixart;
  pixart512["sample_size"] = 64;
  pixart1024["sample_size"] = 128;
  const Json sd3 = {{"_class_name", "SD3Transformer2DModel"}, {"num_layers", 24},          {"num_attention_heads", 24},
                    {"caption_projection_dim", 1536},         {"pos_embed_max_size", 192}, {"sample_size", 128}};
  Json sd35 = sd3;
  sd35["qk_norm"] = "rms_norm";
  sd35["pos_embed_max_size"] = 384;
  sd35["dual_attention_layers"] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Json sd35_large = {
      {"_class_name", "SD3Transformer2DModel"}, {"num_layers", 38},      {"num_attention_heads", 38},
      {"caption_projection_dim", 2432},         {"qk_norm", "rms_norm"}, {"pos_embed_max_size", 192}};
  const Json flux = {{"_class_name", "FluxTransformer2DModel"}, {"guidance_embeds", true}, {"patch_size", 1}};
  const Json wan = {{"_class_name", "WanTransformer3DModel"},
                    {"num_attention_heads", 12},
                    {"num_layers", 30},
                    {"ffn_dim", 8960},
                    {"image_dim", nullptr}};
  return {{"dit_xl_2_256", dit, {4, 32, 32}, 0, 749.83, 114.44, 118.67},
          {"dit_xl_2_512", dit512, {4, 64, 64}, 0, 749.83, 0, 524.58},
          {"pixart_256", pixart, {4, 32, 32}, 120, 610.86, 142.8, 149.1},
          {"pixart_512", pixart512, {4, 64, 64}, 120, 610.86, 0, 618.0},
          {"pixart_1024", pixart1024, {4, 128, 128}, 120, 611.35, 2140.7, 3254.8},
          {"sd3_medium", sd3, {16, 128, 128}, 333, 2028.33, 3005.9, 4452.2},
          {"sd35_medium", sd35, {16, 128, 128}, 333, 2243.17, 0, 5624.8},
          {"sd35_large", sd35_large, {16, 128, 128}, 333, 8056.63, 0, 15560.6},
          {"flux_1_dev", flux, {16, 128, 128}, 512, 11901.41, 29756, 37192},
          {"wan_2_1_1_3b", wan, {16, 21, 60, 104}, 512, 1419.0, 41047, 141501}};
}

class PublishedTransformers : public ::testing::TestWithParam<Published> {};

TEST_P(PublishedTransformers, HaveTheirParametersAndCosts) {
  const Published& p = GetParam();
  const Weights weights = Weights::ShapesOnly();
  const auto network = Build<Network>(JsonReader(p.config, "config.json"), weights);
  double parameters = 0;
  for (const auto& [name, shape] : weights.taken())
    if (name != "pos_embed.pos_embed")  // SD3's table of positions is stored with the parameters and is none
      parameters +=
          1e-6 * static_cast<double>(std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()));
  EXPECT_NEAR(parameters / p.parameters, 1, 1e-3) << parameters;

  NetworkInputs inputs;
  const auto row = [&](std::vector<int64_t> shape) {
    for (int64_t& size : shape)
      if (size < 0) size = p.tokens;
    shape.insert(shape.begin(), 1);
    return at::empty(shape, at::TensorOptions(at::kFloat).device(at::kMeta));
  };
  inputs.sample = row(p.latent);
  for (const auto& [name, taken] : network->conditioning(p.latent)) inputs.conditioning[name] = row(taken.row);
  MacCounter counter;
  network->Forward(inputs);
  const double all = static_cast<double>(counter.report().total.matmuls) / 1e9;
  const double linear = all - static_cast<double>(counter.report().matmuls_by_kind.at("attention")) / 1e9;
  EXPECT_NEAR(all / p.all, 1, 1e-3) << all;
  if (p.linear > 0) {
    EXPECT_NEAR(linear / p.linear, 1, 1e-3) << linear;
  }
}

INSTANTIATE_TEST_SUITE_P(All, PublishedTransformers, ::testing::ValuesIn(PublishedNetworks()),
                         [](const auto& info) { return info.param.name; });

// Of DiT-XL/2, counted by hand: 28 blocks 1152 wide over 256 tokens.
TEST(TransformerCosts, PartialForwardsAndProbesOfDiT) {
  const Json config = PublishedNetworks()[0].config;
  const auto network = Build<Network>(JsonReader(config, "config.json"), Weights::ShapesOnly());
  NetworkInputs inputs;
  inputs.sample = at::empty({1, 4, 32, 32}, at::TensorOptions(at::kFloat).device(at::kMeta));
  inputs.conditioning["class_labels"] = at::empty({1}, at::TensorOptions(at::kLong).device(at::kMeta));
  const auto cost = [&](const std::optional<CacheSite>& site, const std::optional<ProbeSite>& probed, bool rest) {
    NetworkWork work{.site = site};
    if (site) work.cached = network->Forward(inputs, {.keep = {*site}}).kept.at(*site);
    MacCounter counter;
    std::unique_ptr<NetworkProbe> probe;
    if (probed) probe = network->Probe(inputs, *probed);
    work.from = probe.get();
    if (rest) network->Forward(inputs, work);
    return counter.report().total.matmuls;
  };
  using Level = CacheSite::Level;
  using Signal = ProbeSite::Signal;
  const int64_t n = 256, d = 1152, blocks = 28;
  const int64_t patches = n * 16 * d, embed = 256 * d + d * d, modulate = 6 * d * d;
  const int64_t attention = 4 * n * d * d + 2 * n * n * d, feed_forward = 8 * n * d * d;
  const int64_t block = embed + modulate + attention + feed_forward, head = embed + 2 * d * d + n * d * 32;
  const int64_t full = patches + blocks * block + head;
  EXPECT_EQ(cost({}, {}, true), full);
  EXPECT_EQ(cost(CacheSite{.front = 8, .back = 3}, {}, true), full - 17 * block);
  EXPECT_EQ(cost(CacheSite{.level = Level::kHidden}, {}, true), patches + head);
  EXPECT_EQ(cost(CacheSite{.level = Level::kModules, .modules = kFeedForwardModule}, {}, true),
            full - blocks * feed_forward);
  EXPECT_EQ(cost(CacheSite{.level = Level::kModules, .modules = kAttentionModule | kFeedForwardModule}, {}, true),
            patches + blocks * (embed + modulate) + head);
  const ProbeSite input = {.signal = Signal::kModulatedInput}, front = {.signal = Signal::kFront, .front = 8};
  EXPECT_EQ(cost({}, input, false), patches + embed + modulate);
  EXPECT_EQ(cost({}, front, false), patches + 8 * block);
  for (const ProbeSite& probe : {input, front}) EXPECT_EQ(cost({}, probe, true), full);
  EXPECT_EQ(cost(CacheSite{.front = 8, .back = 3}, front, true), full - 17 * block);
  // What a probe has computed beyond the cut is of no use.
  EXPECT_EQ(cost(CacheSite{.front = 1}, front, true), patches + 8 * block + patches + block + head);
}

void ExpectRefused(const std::string& class_name, const std::string& key, const Json& value, const std::string& text) {
  Json config = {{"_class_name", class_name}};
  config[key] = value;
  SCOPED_TRACE(class_name + " " + key);
  EXPECT_ERROR(MakeNetwork(JsonReader(config, "config.json"), Weights::ShapesOnly()), text);
}

TEST(TransformerConfigs, ImpossibleValuesAreRefused) {
  for (const char* name :
       {"PixArtTransformer2DModel", "SD3Transformer2DModel", "FluxTransformer2DModel", "WanTransformer3DModel"}) {
    ExpectRefused(name, "num_layer", 3, "did you mean \"num_layers\"?");
    ExpectRefused(name, "num_layers", 1000000, "num_layers");
    ExpectRefused(name, "num_attention_heads", 0, "num_attention_heads");
    ExpectRefused(name, "num_attention_heads", "many", "num_attention_heads");
  }
  ExpectRefused("PixArtTransformer2DModel", "norm_type", "layer_norm", "\"layer_norm\" (a string) is not supported");
  ExpectRefused("PixArtTransformer2DModel", "attention_head_dim", 71, "a third of the width");
  ExpectRefused("PixArtTransformer2DModel", "cross_attention_dim", 1000, "expected the width of the blocks, 1152");
  ExpectRefused("SD3Transformer2DModel", "caption_projection_dim", 1000, "18 heads of 64");
  ExpectRefused("SD3Transformer2DModel", "dual_attention_layers", {18}, "expected layers in [0, 17], found 18");
  ExpectRefused("SD3Transformer2DModel", "qk_norm", "layer_norm", "only \"rms_norm\"");
  ExpectRefused("FluxTransformer2DModel", "in_channels", 63, "expected a multiple of 4");
  ExpectRefused("FluxTransformer2DModel", "axes_dims_rope", {16, 56, 58}, "add up to attention_head_dim, 128");
  ExpectRefused("FluxTransformer2DModel", "axes_dims_rope", {17, 55, 56}, "3 even numbers");
  ExpectRefused("FluxTransformer2DModel", "patch_size", 2, "only 1");
  ExpectRefused("WanTransformer3DModel", "patch_size", {2, 2}, "frames, height and width of a patch");
  ExpectRefused("WanTransformer3DModel", "image_dim", 1280, "only null");
  ExpectRefused("WanTransformer3DModel", "attention_head_dim", 127, "pairs");
}

TEST(TransformerConfigs, ImpossibleAutoencodersOfWanAreRefused) {
  const auto refused = [](const std::string& key, const Json& value, const std::string& text) {
    const Json config = {{"_class_name", "AutoencoderKLWan"}, {key, value}};
    EXPECT_ERROR(AutoencoderKLWan::ParseConfig(JsonReader(config, "config.json")), text);
  };
  refused("is_residual", true, "is_residual");
  refused("temperal_downsample", {true, false}, "one value for each of the 3 levels");
  refused("temporal_downsample", {true, false, true}, "did you mean \"temperal_downsample\"?");
  refused("z_dim", 8, "expected one value for each of z_dim 8 channels, found 16");
  refused("scale_factor_temporal", 8, "expected 4, which its levels come to; found 8");
  refused("patch_size", 2, "only null");
}

TEST(AutoencoderKLWan, TakesClipsOfWholeLatentFrames) {
  const Json config = {{"_class_name", "AutoencoderKLWan"}};
  const auto parsed = AutoencoderKLWan::ParseConfig(JsonReader(config, "config.json"));
  EXPECT_EQ(parsed.SpatialFactor(), 8);
  EXPECT_EQ(parsed.LatentFrames(1), 1);
  EXPECT_EQ(parsed.LatentFrames(81), 21);
  EXPECT_EQ(parsed.Frames(21), 81);
  for (const int64_t frames : {0, 4, 16, 80})
    EXPECT_ERROR(parsed.LatentFrames(frames), "1 + 4 k frames (1, 5, 9, ...)");
}

std::filesystem::path Model(const std::string& name) {
  return testing::SourceDir() / "tests/fixtures/dit/models" / name;
}

NetworkInputs Inputs(const Network& network, std::vector<int64_t> latent) {
  const auto row = [](std::vector<int64_t> shape) {
    for (int64_t& size : shape)
      if (size < 0) size = 3;
    shape.insert(shape.begin(), 1);
    return at::ones(shape);
  };
  NetworkInputs inputs;
  inputs.sample = row(latent);
  for (const auto& [name, taken] : network.conditioning(latent)) inputs.conditioning[name] = row(taken.row);
  return inputs;
}

TEST(Transformers, SamplesOutOfTheirReachAreRefused) {
  const auto sd3 = LoadFolder<Network>(Model("sd3-tiny") / "transformer");
  EXPECT_ERROR(sd3->Forward(Inputs(*sd3, {4, 8, 22})),
               "a sample of 8x22: this network knows the positions of at most 20x20");
  const auto wan = LoadFolder<Network>(Model("wan-tiny") / "transformer");
  EXPECT_ERROR(wan->Forward(Inputs(*wan, {4, 33, 2, 2})), "this network knows 32 positions along an axis");
  EXPECT_ERROR(wan->Forward(Inputs(*wan, {4, 2, 3, 2})), "a sample of 2x3x2: this network takes multiples of 1x2x2");
}

// Tensors that are missing, and some that nobody asked for, are named.
TEST(Transformers, FilesThatDoNotFitAreRefused) {
  const testing::TempDir folder;
  for (const char* file : {"config.json", "diffusion_pytorch_model.safetensors"})
    std::filesystem::copy_file(Model("sd35-tiny") / "transformer" / file, folder / file);
  Json config = ReadJsonFile(folder / "config.json");
  config["qk_norm"] = nullptr;
  config["num_layers"] = 4;
  testing::WriteFile(folder / "config.json", config.dump());
  try {
    LoadFolder<Network>(folder.path());
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    const std::string message = e.what();
    for (const char* part :
         {"missing", "\"transformer_blocks.3.attn.to_q.weight\"", "\"transformer_blocks.2.attn.to_add_out.bias\"",
          "unexpected", "\"transformer_blocks.0.attn2.norm_k.weight\""})
      EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
}

}  // namespace
}  // namespace skipbench
