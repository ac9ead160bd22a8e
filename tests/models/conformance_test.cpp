// One body that every denoising network passes: what harness/models/network.h promises of all of them, for every entry
// of the catalog on the fixtures' small models. A new network enters by its model's folder under tests/fixtures.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "harness/models/load.h"
#include "harness/nn/layers/macs.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::RelativeDiff;

constexpr int64_t kRows = 3, kTokens = 5, kFrames = 3;
// Of a network of tens of layers in float32, whose products add in another order for another number of rows.
constexpr double kFloatNoise = 1e-4;

struct Example {
  std::string name;
  std::filesystem::path folder;  // with config.json
};

// The folders under tests/fixtures whose config.json is of a network of the catalog, each name once.
std::vector<Example> Examples() {
  std::set<std::string> classes;
  for (const auto& type : NetworkTypes()) classes.insert(type.class_names.begin(), type.class_names.end());
  std::set<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(testing::SourceDir() / "tests/fixtures"))
    if (entry.path().filename() == "config.json" &&
        classes.contains(ReadJsonFile(entry.path()).value("_class_name", "")))
      folders.insert(entry.path().parent_path());
  std::map<std::string, std::filesystem::path> found;
  for (const auto& folder : folders) {
    const bool component = folder.filename() == "unet" || folder.filename() == "transformer";
    std::string name = (component ? folder.parent_path() : folder).filename().string();
    for (char& c : name)
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    found.emplace(name, folder);
  }
  std::vector<Example> examples;
  for (const auto& [name, folder] : found) examples.push_back({name, folder});
  return examples;
}

class NetworkConformance : public ::testing::TestWithParam<Example> {
 protected:
  void SetUp() override {
    network_ = LoadFolder<Network>(GetParam().folder);
    const Json config = ReadJsonFile(GetParam().folder / "config.json");
    counted_ = Build<Network>(JsonReader(config, "config.json"), Weights::ShapesOnly());
    const NetworkInfo& info = network_->info();
    const int64_t size = info.sample_size ? info.sample_size : 8;
    latent_ = {info.in_channels, size, size};
    if (info.video) latent_.insert(latent_.begin() + 1, kFrames);
  }

  at::Tensor Random(std::vector<int64_t> row, int64_t rows, at::Device device = at::kCPU) const {
    row.insert(row.begin(), rows);
    if (device.is_meta()) return at::empty(row, at::TensorOptions(at::kFloat).device(device));
    return at::randn(row, at::detail::createCPUGenerator(3), at::TensorOptions(at::kFloat));
  }

  static at::Tensor Labels(const ConditioningInput& taken, int64_t rows) {
    std::vector<int64_t> shape = taken.row;
    shape.insert(shape.begin(), rows);
    int64_t numbers = 1;
    for (int64_t size : shape) numbers *= size;
    return at::arange(numbers, at::kLong).remainder(taken.classes).view(shape);
  }

  // All that the network takes, for `rows` rows.
  NetworkInputs Inputs(int64_t rows, at::Device device = at::kCPU) const {
    NetworkInputs inputs;
    inputs.sample = Random(latent_, rows, device);
    inputs.timestep = 321;
    for (auto [name, taken] : network_->conditioning(latent_)) {
      for (int64_t& size : taken.row)
        if (size < 0) size = kTokens;
      inputs.conditioning[name] = taken.classes > 0 ? Labels(taken, rows).to(device) : Random(taken.row, rows, device);
    }
    return inputs;
  }

  static NetworkInputs Select(NetworkInputs inputs, const std::vector<int64_t>& rows) {
    const at::Tensor index = at::tensor(rows, at::kLong);
    inputs.sample = inputs.sample.index_select(0, index);
    for (auto& [name, tensor] : inputs.conditioning) tensor = tensor.index_select(0, index);
    return inputs;
  }

  std::vector<int> AllCuts() const {
    std::vector<int> cuts;
    for (size_t cut = 0; cut < network_->info().cuts.size(); ++cut) cuts.push_back(static_cast<int>(cut));
    return cuts;
  }

  c10::InferenceMode inference_;
  std::unique_ptr<Network> network_, counted_;
  std::vector<int64_t> latent_;
};

TEST_P(NetworkConformance, ShapesAreWhatItSays) {
  const NetworkInfo& info = network_->info();
  EXPECT_TRUE(info.out_channels == info.in_channels || info.out_channels == 2 * info.in_channels);
  std::vector<int64_t> expected = latent_;
  expected[0] = info.out_channels;
  expected.insert(expected.begin(), kRows);
  const NetworkOutput output = network_->Forward(Inputs(kRows), AllCuts()),
                      shapes = counted_->Forward(Inputs(kRows, at::kMeta), AllCuts());
  EXPECT_EQ(output.sample.sizes(), at::IntArrayRef(expected));
  EXPECT_TRUE(at::isfinite(output.sample).all().item<bool>());
  EXPECT_EQ(shapes.sample.sizes(), output.sample.sizes());
  ASSERT_EQ(output.features.size(), info.cuts.size());
  for (const auto& [cut, features] : output.features) {
    EXPECT_EQ(features.size(0), kRows) << cut;
    EXPECT_EQ(shapes.features.at(cut).sizes(), features.sizes()) << cut;
  }
  EXPECT_TRUE(network_->Forward(Inputs(kRows)).features.empty());
}

TEST_P(NetworkConformance, WhatItTakesIsNeededAndChecked) {
  const NetworkInputs inputs = Inputs(kRows);
  const at::Tensor output = network_->Forward(inputs).sample;
  for (const auto& [name, tensor] : inputs.conditioning) {
    SCOPED_TRACE(name);
    NetworkInputs other = inputs;
    other.conditioning.erase(name);
    EXPECT_ERROR(network_->Forward(other), "the network takes");
    other.conditioning[name] = tensor.narrow(0, 0, kRows - 1);
    EXPECT_THROW(network_->Forward(other), Error);
    other.conditioning[name] = tensor.is_floating_point() ? 0.5 * tensor : at::zeros_like(tensor);
    EXPECT_GT(RelativeDiff(network_->Forward(other).sample, output), 1e-5) << "it changes nothing";
  }
  NetworkInputs other = inputs;
  other.timestep = 700;
  EXPECT_GT(RelativeDiff(network_->Forward(other).sample, output), 1e-5);
  other.sample = inputs.sample.narrow(1, 0, 1);
  if (network_->info().in_channels > 1) {
    EXPECT_ERROR(network_->Forward(other), "the network takes");
  }
}

TEST_P(NetworkConformance, RowsDoNotKnowEachOther) {
  const NetworkInputs inputs = Inputs(kRows);
  const at::Tensor together = network_->Forward(inputs).sample;
  for (int64_t row = 0; row < kRows; ++row)
    EXPECT_LE(RelativeDiff(network_->Forward(Select(inputs, {row})).sample[0], together[row]), kFloatNoise) << row;
  const at::Tensor turned = network_->Forward(Select(inputs, {2, 0, 1})).sample;
  EXPECT_LE(RelativeDiff(turned[1], together[0]), kFloatNoise);
  // A timestep for all is the same as one for each.
  NetworkInputs each = inputs;
  each.timesteps = at::full({kRows}, inputs.timestep);
  EXPECT_LE(RelativeDiff(network_->Forward(each).sample, together), kFloatNoise);
}

// What a full forward kept leads a shallow one, of the same inputs, to the same output.
TEST_P(NetworkConformance, ShallowForwardsContinueFullOnes) {
  const NetworkInputs inputs = Inputs(kRows);
  const NetworkOutput full = network_->Forward(inputs, AllCuts());
  for (int cut : AllCuts()) {
    const at::Tensor shallow = network_->ForwardShallow(inputs, cut, full.features.at(cut));
    EXPECT_LE(RelativeDiff(shallow, full.sample), kFloatNoise) << cut;
    EXPECT_FALSE(network_->ForwardShallow(inputs, cut, 0.5 * full.features.at(cut)).equal(shallow))
        << cut << ": what was kept changes nothing";
  }
  const int none = static_cast<int>(network_->info().cuts.size());
  EXPECT_ERROR(network_->Forward(inputs, {none}), "cache position");
  EXPECT_ERROR(network_->ForwardShallow(inputs, none, at::zeros({kRows, 1, 1, 1})), "cache position");
  EXPECT_ERROR(network_->ForwardShallow(inputs, -1, at::zeros({kRows, 1, 1, 1})), "cache position");
}

// Each row costs the same; a shallow forward costs less than a full one, and more the more blocks it computes.
TEST_P(NetworkConformance, CostsAreCountedByRow) {
  const auto count = [&](int64_t rows, int cut) {
    const NetworkInputs inputs = Inputs(rows, at::kMeta);
    if (cut < 0) {
      MacCounter counter;
      counted_->Forward(inputs);
      return counter.report().total;
    }
    const at::Tensor features = counted_->Forward(inputs, {cut}).features.at(cut);
    MacCounter counter;
    counted_->ForwardShallow(inputs, cut, features);
    return counter.report().total;
  };
  const MacCount full = count(1, -1), twice = count(2, -1);
  EXPECT_GT(full.matmuls, 0);
  EXPECT_EQ(twice.matmuls, 2 * full.matmuls);
  const auto& cuts = network_->info().cuts;
  std::vector<MacCount> costs;
  for (int cut : AllCuts()) {
    costs.push_back(count(1, cut));
    EXPECT_LT(costs.back().matmuls, full.matmuls) << cut;
    EXPECT_LE(costs.back().modules, full.modules) << cut;
  }
  for (size_t a = 0; a < cuts.size(); ++a)
    for (size_t b = 0; b < cuts.size(); ++b) {
      if (cuts[a].front <= cuts[b].front && cuts[a].back <= cuts[b].back) {
        EXPECT_LE(costs[a].matmuls, costs[b].matmuls) << a << " " << b;
      }
    }
}

TEST_P(NetworkConformance, HalfPrecisionIsOfItsOwnType) {
  const auto half = LoadFolder<Network>(GetParam().folder, {.dtype = at::kBFloat16});
  EXPECT_EQ(half->info().dtype, at::kBFloat16);
  const at::Tensor output = half->Forward(Inputs(kRows)).sample, exact = network_->Forward(Inputs(kRows)).sample;
  EXPECT_EQ(output.scalar_type(), at::kBFloat16);
  // Tens of layers whose values carry 8 bits.
  EXPECT_LE((output.to(at::kFloat) - exact).norm().item<double>(), 0.1 * exact.norm().item<double>());
}

INSTANTIATE_TEST_SUITE_P(All, NetworkConformance, ::testing::ValuesIn(Examples()),
                         [](const auto& info) { return info.param.name; });

TEST(Networks, EveryTypeHasAnExample) {
  std::set<std::string> seen;
  for (const auto& example : Examples())
    seen.insert(ReadJsonFile(example.folder / "config.json").at("_class_name").get<std::string>());
  for (const auto& type : NetworkTypes()) {
    const bool any = std::any_of(type.class_names.begin(), type.class_names.end(),
                                 [&](const auto& name) { return seen.contains(name); });
    EXPECT_TRUE(any) << type.class_names[0] << ": no small model under tests/fixtures is one";
  }
}

TEST(Networks, UnknownClassesAreRefused) {
  const Json config = {{"_class_name", "UNetOfTomorrow"}};
  EXPECT_ERROR(MakeNetwork(JsonReader(config, "config.json"), Weights::ShapesOnly()),
               "\"UNetOfTomorrow\" (a string) is not supported (only UNet2DConditionModel, ");
}

}  // namespace
}  // namespace skipbench
