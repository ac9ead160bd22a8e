// Multiply-accumulates against counts made with hooks on diffusers' modules, and torch's FlopCounterMode.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/models/autoencoder_kl.h"
#include "harness/models/load.h"
#include "harness/models/vq_model.h"
#include "harness/nn/layers/macs.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::LoadManifest;
using testing::Manifest;

at::Tensor Meta(at::IntArrayRef shape) { return at::empty(shape, at::TensorOptions(at::kFloat).device(at::kMeta)); }

void ExpectMacs(const MacCount& macs, const Json& expected, const std::string& what) {
  EXPECT_EQ(macs.modules, expected.at("modules").get<int64_t>()) << what << " modules";
  EXPECT_EQ(macs.matmuls, expected.at("matmuls").get<int64_t>()) << what << " matmuls";
}

void ExpectBlocks(const MacReport& report, const Json& expected) {
  EXPECT_EQ(report.blocks.size(), expected.size());
  for (const auto& [block, macs] : expected.items()) {
    ASSERT_TRUE(report.blocks.contains(block)) << block;
    ExpectMacs(report.blocks.at(block), macs, block);
  }
}

void ExpectReport(const MacReport& report, const Json& expected) {
  ExpectMacs(report.total, expected, "total");
  ExpectBlocks(report, expected.at("blocks"));
  if (expected.contains("matmuls_by_kind")) {
    for (const auto& [kind, count] : expected.at("matmuls_by_kind").items()) {
      const auto found = report.matmuls_by_kind.find(kind);
      EXPECT_EQ(found == report.matmuls_by_kind.end() ? 0 : found->second, count.get<int64_t>()) << kind;
    }
  }
  if (expected.contains("detail")) {
    EXPECT_EQ(report.detail.size(), expected.at("detail").size());
    for (const auto& [module, counts] : expected.at("detail").items()) {
      ASSERT_TRUE(report.detail.contains(module)) << module;
      EXPECT_EQ(report.detail.at(module).modules, counts[0].get<int64_t>()) << module;
      EXPECT_EQ(report.detail.at(module).matmuls, counts[1].get<int64_t>()) << module;
    }
  }
}

// The cut that DeepCache's helper calls layer `layer` of down block `block`: a skip tensor of each layer and of each
// down-sampler. (The helper itself writes 3 * block + layer, which is the same number for networks with two layers in
// each block.)
int CutOf(const JsonReader& config, int block, int layer) {
  const Json& layers = config.json().at("layers_per_block");
  int cut = layer;
  for (size_t i = 0; i < static_cast<size_t>(block); ++i)
    cut += 1 + (layers.is_array() ? layers[i] : layers).get<int>();
  return cut;
}

void CheckUNet(const JsonReader& config, const Json& expected) {
  const Weights weights = Weights::ShapesOnly();
  const std::unique_ptr<Network> unet = MakeNetwork(config, weights);
  int64_t parameters = 0;
  for (const auto& [name, shape] : weights.taken()) parameters += c10::multiply_integers(shape);
  EXPECT_EQ(parameters, expected.at("parameters").get<int64_t>());
  const Json& input = expected.at("input");
  const int64_t batch = input.value("batch", 1);
  std::vector<int64_t> latent = {unet->info().in_channels, input.at("latent")[0], input.at("latent")[1]};
  if (unet->info().video) latent.insert(latent.begin() + 1, input.at("frames").get<int64_t>());
  const auto rows = [&](std::vector<int64_t> row) {
    row.insert(row.begin(), batch);
    return Meta(row);
  };
  NetworkInputs inputs;
  inputs.sample = rows(latent);
  for (auto [name, taken] : unet->conditioning(latent)) {
    for (int64_t& size : taken.row)
      if (size < 0) size = input.at("tokens");
    inputs.conditioning[name] = rows(taken.row);
  }
  std::vector<CacheSite> all;
  for (int front = 0; front < unet->info().abilities.cache_positions; ++front) all.push_back({.front = front});
  NetworkOutput output;
  {
    MacCounter counter;
    output = unet->Forward(inputs, {.keep = all});
    ExpectReport(counter.report(), expected);
  }
  EXPECT_EQ(unet->info().in_channels, unet->info().out_channels);
  EXPECT_EQ(output.sample.sizes(), inputs.sample.sizes());
  for (const Json& shallow : expected.value("deepcache", Json::array())) {
    const CacheSite site = {.front = CutOf(config, shallow.at("block"), shallow.at("layer"))};
    SCOPED_TRACE("branch " + std::to_string(site.front));
    MacCounter counter;
    unet->Forward(inputs, {.site = site, .cached = output.kept.at(site)});
    ExpectMacs(counter.report().total, shallow, "shallow");
    ExpectBlocks(counter.report(), shallow.at("blocks"));
  }
}

template <typename Network>
void CheckDecoder(const JsonReader& config, const Json& expected) {
  const Network network(Network::ParseConfig(config), Weights::ShapesOnly());
  const Json& input = expected.at("input");
  const at::Tensor z = Meta(
      {input.value("batch", 1), network.config().net.latent_channels, input.at("latent")[0], input.at("latent")[1]});
  MacCounter counter;
  if constexpr (std::is_same_v<Network, VQModel>) {
    network.DecodeQuantised(z);
  } else {
    network.Decode(z);
  }
  ExpectReport(counter.report(), expected);
}

TEST(MacFixtures, CountsAreExact) {
  const Manifest manifest = LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no metrics fixtures";
  const std::filesystem::path file = manifest.folder / "macs" / "macs.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no macs among the metrics fixtures";
  const Json macs = ReadJsonFile(file);
  int cases = 0;
  for (const Json& expected : macs.at("models")) {
    SCOPED_TRACE(expected.at("id").get<std::string>());
    const std::filesystem::path path = manifest.folder / expected.at("config").get<std::string>();
    const Json json = ReadJsonFile(path);
    const JsonReader config(json, path.string());
    const std::string name = expected.at("class_name");
    if (name.find("UNet") != std::string::npos) {
      CheckUNet(config, expected);
    } else if (name == "AutoencoderKL") {
      CheckDecoder<AutoencoderKL>(config, expected);
    } else if (name == "VQModel") {
      CheckDecoder<VQModel>(config, expected);
    } else {
      ADD_FAILURE() << "a network this test does not know: " << name;
    }
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace skipbench
