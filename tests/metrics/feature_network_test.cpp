// Feature networks: the shipped one, TorchScript files, and what does not fit.
#include "metrics/backbones/feature_network.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>

#include "harness/io/pictures/image.h"
#include "metrics/backbones/fashion_net.h"
#include "metrics/backbones/torchscript.h"
#include "metrics/lpips.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

const std::filesystem::path kScripts = testing::SourceDir() / "tests" / "metrics" / "torchscript";
const std::filesystem::path kShipped = testing::SourceDir() / "datasets" / "fashion_scenes";

at::Tensor Pictures(int64_t n, int64_t side) {
  return at::arange(n * 3 * side * side, at::kLong).mul(7919).remainder(251).to(at::kByte).reshape({n, 3, side, side});
}

// The first `count` pictures that ship, [count, 3, 64, 64].
at::Tensor Scenes(int64_t count) {
  std::vector<at::Tensor> pictures;
  for (int64_t i = 0; i < count; ++i) {
    const Image image = ReadImage(kShipped / "images" / fmt::format("{:06}.png", i));
    pictures.push_back(
        at::from_blob(const_cast<uint8_t*>(image.pixels.data()), {image.height, image.width, 3}, at::kByte)
            .permute({2, 0, 1})
            .clone());
  }
  return at::stack(pictures);
}

TEST(FashionNet, EqualsItsTorchScript) {
  const auto network = OpenFeatureNetwork("fashion");
  const auto script =
      OpenFeatureNetwork("torchscript_11:" + (kShipped / "feature_net" / "feature_net.torchscript.pt").string());
  const at::Tensor scenes = Scenes(6);
  EXPECT_LT(testing::RelativeDiff(network->Features(scenes), script->Features(scenes)), 1e-5);
  EXPECT_EQ(network->info().dimension, 128);
  EXPECT_EQ(network->info().weights_sha256.size(), 64u);
}

TEST(FashionNet, OneAtATimeIsTheSame) {
  const auto network = OpenFeatureNetwork("fashion");
  const at::Tensor scenes = Scenes(5), all = network->Features(scenes);
  for (int64_t i = 0; i < 5; ++i) EXPECT_TRUE(at::equal(network->Features(scenes.narrow(0, i, 1))[0], all[i])) << i;
}

TEST(FashionNet, NamesWhatACaptionAsksFor) {
  const auto network = std::make_unique<FashionNet>(kShipped / "feature_net" / "feature_net.safetensors");
  const auto names = [&](const char* caption) {
    std::vector<std::string> found;
    for (int64_t pair : network->PairsOf(caption)) found.push_back(network->labels()[pair]);
    return found;
  };
  EXPECT_EQ(names("a red sneaker and a blue bag"), (std::vector<std::string>{"red sneaker", "blue bag"}));
  EXPECT_EQ(names("a red bag, a blue bag, a green bag and a white bag").size(), 4u);
  EXPECT_ERROR(names("a red house"), "\"red house\" in the caption \"a red house\"");
  EXPECT_ERROR(names(""), "the caption is empty");
  at::Tensor logits = at::full({80}, -1.f);
  logits[network->PairsOf("a blue bag")[0]] = 1;
  EXPECT_EQ(network->CaptionAccuracy(logits, "a red sneaker and a blue bag"), 0.5);
}

TEST(FashionNet, FindsMostOfWhatThePicturesShow) {
  // datasets/fashion_scenes/README.md: 0.82 over the pictures that ship.
  const auto network = std::make_unique<FashionNet>(kShipped / "feature_net" / "feature_net.safetensors");
  const Json captions = ReadJsonFile(kShipped / "captions.json");
  std::map<int64_t, std::string> caption_of;
  for (const Json& one : captions.at("annotations"))
    caption_of[one.at("image_id").get<int64_t>()] = one.at("caption").get<std::string>();
  std::map<std::string, int64_t> id_of;
  for (const Json& one : captions.at("images"))
    id_of[one.at("file_name").get<std::string>()] = one.at("id").get<int64_t>();
  const at::Tensor logits = network->Forward(Scenes(100)).logits;
  double sum = 0;
  for (int64_t i = 0; i < 100; ++i)
    sum += network->CaptionAccuracy(logits[i], caption_of.at(id_of.at(fmt::format("{:06}.png", i))));
  EXPECT_NEAR(sum / 100, 0.82, 0.02);
}

TEST(FashionNet, RefusesOtherSizes) {
  EXPECT_ERROR(OpenFeatureNetwork("fashion")->Features(Pictures(1, 32)),
               "takes pictures of 64x64, found the shape [1, 3, 32, 32]");
}

TEST(FeatureNetworks, UnknownNamesListTheKnownOnes) {
  EXPECT_ERROR(OpenFeatureNetwork("inception"),
               "unknown feature network \"inception\"; known: fashion, inception:clean");
  EXPECT_ERROR(OpenFeatureNetwork("inception:clean:pool5"), "unknown layer \"pool5\" of Inception; known: pool3, 64");
  EXPECT_ERROR(OpenFeatureNetwork("torchscript:"), "features: unknown feature network");
}

TEST(FeatureNetworks, MissingWeightsSayWhereAndHow) {
  const testing::TempDir folder;
  for (const char* name : {"inception:clean", "i3d"}) {
    try {
      OpenFeatureNetwork(name, {.weights = {folder.path()}});
      ADD_FAILURE() << name;
    } catch (const MissingWeightsError& e) {
      const std::string text = e.what();
      EXPECT_NE(text.find(folder.path().string()), std::string::npos) << text;
      EXPECT_NE(text.find("scripts/convert/metric_weights.py"), std::string::npos) << text;
      EXPECT_NE(text.find(".safetensors"), std::string::npos) << text;
    }
  }
  EXPECT_THROW(Lpips::Open("alex", FeatureNetworkOptions{.weights = {folder.path()}}), MissingWeightsError);
  EXPECT_THROW(OpenFeatureNetwork("torchscript:" + (folder / "none.pt").string()), MissingWeightsError);
  EXPECT_ERROR(Lpips::Open("squeeze", FeatureNetworkOptions{}), "unknown network \"squeeze\"; known: alex, vgg");
}

TEST(FeatureNetworks, WeightsOfAnotherNetworkAreRefused) {
  const testing::TempDir folder;
  WriteTensorFile(folder / "inception_v3_fid.safetensors", {{"features.0.weight", at::zeros({64, 3, 11, 11})}});
  EXPECT_ERROR(OpenFeatureNetwork("inception:clean", {.weights = {folder.path()}}),
               "\"Conv2d_1a_3x3.conv.weight\" [32, 3, 3, 3]");
}

// Against describe() of scripts/fashion_motion/evaluate.py.
TEST(ClipMotion, ReadsNineNumbersOffAClip) {
  std::vector<uint8_t> values;
  for (int t = 0; t < 3; ++t)
    for (int c = 0; c < 3; ++c)
      for (int h = 0; h < 6; ++h)
        for (int w = 0; w < 8; ++w)
          values.push_back(static_cast<uint8_t>((37 * t + 91 * c + 13 * h * w + 5 * h + 29 * w) % 256));
  const at::Tensor clip = at::tensor(values, at::kByte).view({1, 3, 3, 6, 8});
  const auto motion = OpenFeatureNetwork("motion");
  const at::Tensor found = motion->Features(at::cat({at::zeros_like(clip), clip}));
  const at::Tensor wanted =
      at::tensor({0.41604611046664663, 0.4352044679905368, 0.42028899678939086, 0.4572722965632353, 2.6998910675381262,
                  0.4910120368350902, 0.5302126918790333, 0.49791152933310706, 2.318355119825708},
                 at::kFloat);
  ASSERT_EQ(found.sizes(), (std::vector<int64_t>{2, 9}));
  EXPECT_LE(testing::MaxAbsDiff(found[1], wanted), 0x1p-22);  // an ulp of float32 numbers in [2, 4)
  EXPECT_EQ(found[0].abs().max().item<double>(), 0);          // black
  EXPECT_ERROR(motion->Features(clip.narrow(1, 0, 1)), "clips of at least 2 frames are needed, found 1");
  EXPECT_ERROR(motion->Features(clip[0]), "expected clips [n, T, 3, H, W]");
}

TEST(TorchScript, GivesWhatTheFileComputes) {
  const at::Tensor pictures = Pictures(3, 16);
  const auto mean = OpenTorchScript(kScripts / "mean.pt");
  EXPECT_LT(testing::MaxAbsDiff(mean->Features(pictures), pictures.to(at::kFloat).mean({2, 3})), 1e-3);
  const auto unit = OpenTorchScript(kScripts / "mean.pt", TorchScriptInput::kZeroToOne);
  EXPECT_LT(testing::MaxAbsDiff(unit->Features(pictures), pictures.to(at::kFloat).mean({2, 3}) / 255), 1e-5);
}

TEST(TorchScript, WhatDoesNotFitIsSaidWithTheFile) {
  const at::Tensor pictures = Pictures(2, 16);
  EXPECT_ERROR(OpenTorchScript(kScripts / "maps.pt")->Features(pictures),
               "maps.pt: expected one feature vector per sample");
  EXPECT_ERROR(OpenTorchScript(kScripts / "maps.pt")->Features(pictures), "[2, 3, 4, 4]");
  EXPECT_ERROR(OpenTorchScript(kScripts / "onerow.pt")->Features(pictures),
               "floating-point [2, d], from the TorchScript module, found Float [1, 3]");
  EXPECT_ERROR(OpenTorchScript(kScripts / "notfinite.pt")->Features(at::zeros({2, 3, 16, 16}, at::kByte)),
               "sample 0 of the batch are not finite");
  EXPECT_ERROR(OpenTorchScript(kScripts / "wants.pt"),
               "wants.pt: the TorchScript module's forward() wants \"temperature\"");
  EXPECT_ERROR(OpenTorchScript(kScripts / "fails.pt")->Features(pictures),
               "fails.pt: the TorchScript module fails on this input");
  EXPECT_ERROR(OpenTorchScript(kScripts / "make.py"), "make.py: not a TorchScript archive");
  EXPECT_ERROR(OpenTorchScript(kScripts / "mean.pt")->Features(Pictures(2, 16).unsqueeze(0)),
               "expected pictures [n, 3, H, W]");
  EXPECT_ERROR(OpenTorchScript(kScripts / "mean.pt")->Features(at::zeros({1, 3, 8, 8})), "expected 8-bit pictures");
}

TEST(Lpips, SmallPicturesAndOtherShapes) {
  // Random weights: only what is refused matters here.
  const testing::TempDir folder;
  std::map<std::string, at::Tensor> features, heads;
  const std::vector<std::array<int64_t, 4>> layers = {
      {0, 64, 3, 11}, {3, 192, 64, 5}, {6, 384, 192, 3}, {8, 256, 384, 3}, {10, 256, 256, 3}};
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto& [index, out, in, kernel] = layers[i];
    features[fmt::format("features.{}.weight", index)] = at::full({out, in, kernel, kernel}, 0.01);
    features[fmt::format("features.{}.bias", index)] = at::zeros({out});
    heads[fmt::format("lin{}.model.1.weight", i)] = at::ones({1, out, 1, 1});
  }
  WriteTensorFile(folder / "lpips_alex_features.safetensors", features);
  WriteTensorFile(folder / "lpips_v0.1_alex.safetensors", heads);
  const auto lpips = Lpips::Open("alex", FeatureNetworkOptions{.weights = {folder.path()}});
  EXPECT_EQ(lpips->Distance(Pictures(2, 64), Pictures(2, 64)).sizes(), (std::vector<int64_t>{2}));
  EXPECT_EQ(lpips->Distance(Pictures(1, 64), Pictures(1, 64)).item<double>(), 0);
  EXPECT_ERROR(lpips->Distance(Pictures(1, 24), Pictures(1, 24)), "pictures of at least 31x31");
  EXPECT_ERROR(lpips->Distance(Pictures(1, 64), Pictures(1, 72)), "its reference [1, 3, 72, 72]");
  EXPECT_ERROR(lpips->Distance(Pictures(1, 64)[0], Pictures(1, 64)[0]), "expected pictures [n, 3, H, W]");
}

}  // namespace
}  // namespace skipbench
