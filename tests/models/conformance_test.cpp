// One body that every denoising network passes: what harness/models/network.h promises of all of them, for every entry
// of the catalog on the fixtures' small models. A new network enters by its model's folder under tests/fixtures.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "harness/models/load.h"
#include "harness/models/rows_on_threads.h"
#include "harness/nn/cpu/cpu_gemm.h"
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

  // All that it can keep.
  std::vector<CacheSite> AllSites() const {
    const NetworkAbilities& can = network_->info().abilities;
    std::vector<CacheSite> sites;
    for (int front = 0; front < can.cache_positions; ++front) sites.push_back({.front = front});
    for (int back = 1; back < can.blocks; ++back)
      for (int front = 0; front + back < can.blocks; ++front) sites.push_back({.front = front, .back = back});
    if (can.blocks > 0) sites.push_back({.level = CacheSite::Level::kHidden});
    for (uint8_t modules = 1; modules <= can.modules; ++modules)
      if ((modules & ~can.modules) == 0) sites.push_back({.level = CacheSite::Level::kModules, .modules = modules});
    return sites;
  }
  // All of the network that it can show.
  std::vector<ProbeSite> AllProbes() const {
    const NetworkAbilities& can = network_->info().abilities;
    std::vector<ProbeSite> probes;
    for (const ProbeSite::Signal signal : can.signals)
      if (signal == ProbeSite::Signal::kFront)
        for (int front = 1; front <= can.blocks; ++front) probes.push_back({.signal = signal, .front = front});
      else if (ProbeSite{.signal = signal}.of_network())
        probes.push_back({.signal = signal});
    return probes;
  }
  static std::string Show(const CacheSite& site) {
    return fmt::format("level {} front {} back {} modules {}", static_cast<int>(site.level), site.front, site.back,
                       site.modules);
  }
  static std::string Show(const ProbeSite& site) {
    return fmt::format("signal {} front {}", static_cast<int>(site.signal), site.front);
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
  const NetworkOutput output = network_->Forward(Inputs(kRows), {.keep = AllSites()}),
                      shapes = counted_->Forward(Inputs(kRows, at::kMeta), {.keep = AllSites()});
  EXPECT_EQ(output.sample.sizes(), at::IntArrayRef(expected));
  EXPECT_TRUE(at::isfinite(output.sample).all().item<bool>());
  EXPECT_EQ(shapes.sample.sizes(), output.sample.sizes());
  ASSERT_EQ(output.kept.size(), AllSites().size());
  for (const auto& [site, kept] : output.kept) {
    EXPECT_EQ(kept.size(0), kRows) << Show(site);
    EXPECT_EQ(shapes.kept.at(site).sizes(), kept.sizes()) << Show(site);
  }
  // Keeping changes nothing.
  const NetworkOutput plain = network_->Forward(Inputs(kRows));
  EXPECT_TRUE(plain.kept.empty());
  EXPECT_TRUE(at::equal(plain.sample, output.sample));
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

// What a full forward kept leads a partial one, of the same inputs, to the same output.
TEST_P(NetworkConformance, PartialForwardsContinueFullOnes) {
  const NetworkInputs inputs = Inputs(kRows);
  const NetworkOutput full = network_->Forward(inputs, {.keep = AllSites()});
  for (const CacheSite& site : AllSites()) {
    SCOPED_TRACE(Show(site));
    const at::Tensor kept = full.kept.at(site).clone();
    const at::Tensor partial = network_->Forward(inputs, {.site = site, .cached = kept}).sample;
    EXPECT_LE(RelativeDiff(partial, full.sample), kFloatNoise);
    EXPECT_TRUE(at::equal(kept, full.kept.at(site))) << "what was kept has been changed";
    EXPECT_FALSE(network_->Forward(inputs, {.site = site, .cached = 0.5 * kept}).sample.equal(partial))
        << "what was kept changes nothing";
    EXPECT_THROW(network_->Forward(inputs, {.site = site, .cached = kept.narrow(0, 1, 1)}), Error);
    if (network_->info().abilities.blocks > 0) {
      EXPECT_ERROR(network_->Forward(inputs, {.site = site, .cached = at::cat({kept, kept}, 1)}), "partial forward: ");
    }
  }
}

TEST_P(NetworkConformance, WhatItDoesNotOfferIsRefused) {
  const NetworkInputs inputs = Inputs(kRows);
  const NetworkAbilities& can = network_->info().abilities;
  const at::Tensor kept = at::zeros({kRows, 1, 1, 1});
  const auto refused = [&](const CacheSite& site) {
    SCOPED_TRACE(Show(site));
    EXPECT_ERROR(network_->Forward(inputs, {.keep = {site}}), ": the network offers ");
    EXPECT_ERROR(network_->Forward(inputs, {.site = site, .cached = kept}), ": the network offers ");
  };
  for (const int front : {-1, can.cache_positions}) refused({.front = front});
  refused({.front = can.blocks / 2, .back = can.blocks - can.blocks / 2 + 1});
  refused({.level = CacheSite::Level::kOutput});
  refused({.level = CacheSite::Level::kModules});
  refused({.level = CacheSite::Level::kModules, .modules = 8});
  if (can.blocks == 0) refused({.level = CacheSite::Level::kHidden});
  EXPECT_ERROR(network_->Probe(inputs, {.signal = ProbeSite::Signal::kInput}), "the network shows");
  for (const int front : {0, can.blocks + 1})
    EXPECT_ERROR(network_->Probe(inputs, {.signal = ProbeSite::Signal::kFront, .front = front}), "the network shows");
}

// A forward that goes on from a probe is the forward from the start, to the bit.
TEST_P(NetworkConformance, ForwardsGoOnFromProbes) {
  NetworkInputs inputs = Inputs(kRows);
  for (const bool each : {false, true}) {
    if (each) inputs.timesteps = at::tensor({321.f, 20.f, 710.f});
    const NetworkOutput full = network_->Forward(inputs, {.keep = AllSites()});
    for (const ProbeSite& site : AllProbes()) {
      SCOPED_TRACE(Show(site));
      const auto probe = network_->Probe(inputs, site);
      EXPECT_TRUE(probe->signal.size(0) == kRows || (probe->signal.size(0) == 1 && !each));
      const NetworkOutput on = network_->Forward(inputs, {.keep = AllSites(), .from = probe.get()});
      EXPECT_TRUE(at::equal(on.sample, full.sample));
      for (const CacheSite& kept : AllSites()) {
        const NetworkWork partial{.site = kept, .cached = full.kept.at(kept)};
        NetworkWork from = partial;
        from.from = probe.get();
        EXPECT_TRUE(at::equal(on.kept.at(kept), full.kept.at(kept))) << Show(kept);
        EXPECT_TRUE(at::equal(network_->Forward(inputs, from).sample, network_->Forward(inputs, partial).sample))
            << Show(kept);
      }
    }
  }
}

// For some of its rows, too; but that a product may round a row differently beside others.
TEST_P(NetworkConformance, SomeRowsGoOnFromProbes) {
  NetworkInputs inputs = Inputs(kRows);
  const std::vector<int64_t> rows = {2, 0};
  const at::Tensor index = at::tensor(rows, at::kLong);
  if (AllProbes().empty()) return;
  for (const bool cached : {false, true}) {
    ConditioningCache cache(inputs.Get("encoder_hidden_states"));
    if (cached && cache.tokens().defined()) {
      inputs.conditioning.erase("encoder_hidden_states");
      inputs.cache = &cache;
      inputs.rows = at::tensor({1, 2, 0}, at::kLong);
    }
    NetworkInputs some = Select(inputs, rows);
    if (inputs.rows.defined()) some.rows = inputs.rows.index_select(0, index);
    const NetworkOutput full = network_->Forward(some, {.keep = AllSites()});
    const bool bits = at::equal(network_->Forward(inputs).sample.index_select(0, index), full.sample);
    const auto expect_same = [&](const at::Tensor& a, const at::Tensor& b, const CacheSite& site) {
      EXPECT_LE(RelativeDiff(a, b), bits ? 0 : kFloatNoise) << Show(site);
    };
    for (const ProbeSite& site : AllProbes()) {
      SCOPED_TRACE(Show(site));
      const auto probe = network_->Probe(inputs, site);
      const auto go_on = [&](NetworkWork work) {
        work.from = probe.get();
        work.from_rows = index;
        return network_->Forward(some, work);
      };
      expect_same(go_on({}).sample, full.sample, {});
      const NetworkOutput on = go_on({.keep = AllSites()});
      expect_same(on.sample, full.sample, {});
      for (const CacheSite& kept : AllSites()) {
        const NetworkWork partial{.site = kept, .cached = full.kept.at(kept)};
        expect_same(on.kept.at(kept), full.kept.at(kept), kept);
        expect_same(go_on(partial).sample, network_->Forward(some, partial).sample, kept);
      }
      EXPECT_ERROR(network_->Forward(inputs, {.from = probe.get(), .from_rows = index}), "rows of a probe");
    }
  }
}

// Threads that take rows of their own give what a forward of all rows gives: in every bit where rows do not depend on
// each other (ATen's products round a row differently beside others, its functions the last few numbers of a tensor).
TEST_P(NetworkConformance, RowsOnThreadsAreTheSame) {
  constexpr int64_t kPieces = 2;
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const auto network = LoadFolder<Network>(GetParam().folder, {.dtype = dtype});
    const at::Tensor all = network->Forward(Inputs(kRows)).sample;
    const bool apart = at::equal(network->Forward(Select(Inputs(kRows), {0})).sample, all.narrow(0, 0, 1)) &&
                       at::equal(network->Forward(Select(Inputs(kRows), {1, 2})).sample, all.narrow(0, 1, 2));
    const double margin = apart && cpu::KernelsFor(dtype) ? 0 : dtype == at::kFloat ? kFloatNoise : 0.1;
    for (const bool cached : {false, true}) {
      NetworkInputs inputs = Inputs(kRows);
      ConditioningCache cache(
          inputs.Get("encoder_hidden_states").defined() ? inputs.Get("encoder_hidden_states").to(dtype) : at::Tensor());
      if (cached) {
        // I2VGen-XL's tokens are made of the picture, too.
        if (!cache.tokens().defined() || inputs.conditioning.contains("image_latents")) break;
        inputs.conditioning.erase("encoder_hidden_states");
        inputs.cache = &cache;
      }
      for (const bool numbered : {false, true}) {
        if (numbered && !cached) continue;
        if (numbered) inputs.rows = at::tensor({1, 2, 0}, at::kLong);
        SCOPED_TRACE(fmt::format("{}, {}", c10::toString(dtype), cached ? "cached" : "given"));
        const auto expect_same = [&](const NetworkWork& work) {
          const NetworkOutput whole = network->Forward(inputs, work);
          const NetworkOutput pieces = ForwardOnThreads(*network, inputs, work, kPieces);
          EXPECT_LE(RelativeDiff(pieces.sample, whole.sample), margin);
          ASSERT_EQ(pieces.kept.size(), whole.kept.size());
          for (const auto& [site, kept] : whole.kept)
            EXPECT_LE(RelativeDiff(pieces.kept.at(site), kept), margin) << Show(site);
        };
        expect_same({.keep = AllSites()});
        if (dtype != at::kFloat || (cached && !numbered)) continue;
        const NetworkOutput full = network->Forward(inputs, {.keep = AllSites()});
        for (const auto& [site, kept] : full.kept) expect_same({.site = site, .cached = kept});
        for (const ProbeSite& site : AllProbes()) {
          const auto probe = network->Probe(inputs, site);
          expect_same({.keep = AllSites(), .from = probe.get()});
          expect_same({.from = probe.get(), .from_rows = at::arange(kRows, at::kLong)});
        }
      }
    }
  }
}

// Each row costs the same; a partial forward costs less than a full one, and more the more blocks it computes; a probe
// is paid once.
TEST_P(NetworkConformance, CostsAreCountedByRow) {
  const auto count = [&](int64_t rows, const std::optional<CacheSite>& site, const std::optional<ProbeSite>& probed) {
    const NetworkInputs inputs = Inputs(rows, at::kMeta);
    NetworkWork work{.site = site};
    if (site) work.cached = counted_->Forward(inputs, {.keep = {*site}}).kept.at(*site);
    MacCounter counter;
    std::unique_ptr<NetworkProbe> probe;
    if (probed) probe = counted_->Probe(inputs, *probed);
    work.from = probe.get();
    counted_->Forward(inputs, work);
    return counter.report().total;
  };
  const MacCount full = count(1, {}, {}), twice = count(2, {}, {});
  EXPECT_GT(full.matmuls, 0);
  EXPECT_EQ(twice.matmuls, 2 * full.matmuls);
  for (const ProbeSite& probe : AllProbes()) EXPECT_EQ(count(1, {}, probe), full) << Show(probe);
  std::map<CacheSite, MacCount> costs;
  for (const CacheSite& site : AllSites()) {
    costs[site] = count(1, site, {});
    EXPECT_LT(costs[site].matmuls, full.matmuls) << Show(site);
    EXPECT_LE(costs[site].modules, full.modules) << Show(site);
    if (site.level == CacheSite::Level::kCut && site.front > 0 && network_->info().abilities.blocks > 0) {
      const ProbeSite probe = {.signal = ProbeSite::Signal::kFront, .front = site.front};
      EXPECT_EQ(count(1, site, probe), costs[site]) << Show(site);
    }
  }
  for (const auto& [a, cost_a] : costs)
    for (const auto& [b, cost_b] : costs) {
      if (a.level != b.level) continue;
      if (a.level == CacheSite::Level::kModules ? (a.modules & b.modules) == b.modules
                                                : a.front <= b.front && a.back <= b.back) {
        EXPECT_LE(cost_a.matmuls, cost_b.matmuls) << Show(a) << ", " << Show(b);
      }
    }
}

// What stands in for modules is not computed, and everything else is.
TEST_P(NetworkConformance, ModulesInPlaceCostNothing) {
  const NetworkInputs inputs = Inputs(1, at::kMeta);
  const auto report = [&](const NetworkWork& work) {
    MacCounter counter;
    counted_->Forward(inputs, work);
    return counter.report();
  };
  const auto is_of = [](const std::string& name, uint8_t modules, bool crosses) {
    const bool cross = crosses && name.find(".attn2") != std::string::npos;
    const bool attention = !cross && name.find(".attn") != std::string::npos;
    const bool feed = name.find(".ff") != std::string::npos || name.find(".proj_mlp") != std::string::npos;
    // FLUX's single blocks have one more linear layer, for both.
    const bool both = name.find("single") != std::string::npos && name.find(".proj_out") != std::string::npos;
    const uint8_t all = kAttentionModule | kFeedForwardModule;
    return ((modules & kAttentionModule) && attention) || ((modules & kCrossAttentionModule) && cross) ||
           ((modules & kFeedForwardModule) && feed) || ((modules & all) == all && both);
  };
  const bool crosses = network_->info().abilities.modules & kCrossAttentionModule;
  const MacReport full = report({});
  for (const CacheSite& site : AllSites()) {
    if (site.level != CacheSite::Level::kModules) continue;
    SCOPED_TRACE(Show(site));
    const MacReport partial =
        report({.site = site, .cached = counted_->Forward(inputs, {.keep = {site}}).kept.at(site)});
    for (const auto& [name, macs] : full.detail) {
      if (macs.matmuls == 0) continue;
      const auto found = partial.detail.find(name);
      if (is_of(name, site.modules, crosses))
        EXPECT_EQ(found, partial.detail.end()) << name;
      else
        EXPECT_TRUE(found != partial.detail.end() && found->second == macs) << name;
    }
  }
}

TEST_P(NetworkConformance, HalfPrecisionIsOfItsOwnType) {
  const auto half = LoadFolder<Network>(GetParam().folder, {.dtype = at::kBFloat16});
  EXPECT_EQ(half->info().dtype, at::kBFloat16);
  const at::Tensor output = half->Forward(Inputs(kRows)).sample, exact = network_->Forward(Inputs(kRows)).sample;
  EXPECT_EQ(output.scalar_type(), at::kBFloat16);
  // Keeping and probing change nothing here, either.
  const NetworkOutput keeping = half->Forward(Inputs(kRows), {.keep = AllSites()});
  EXPECT_TRUE(at::equal(keeping.sample, output));
  for (const auto& [site, kept] : keeping.kept) {
    EXPECT_EQ(kept.scalar_type(), at::kBFloat16);
    const at::Tensor partial = half->Forward(Inputs(kRows), {.site = site, .cached = kept}).sample;
    EXPECT_LE((partial - output).to(at::kFloat).norm().item<double>(), 0.1 * exact.norm().item<double>()) << Show(site);
  }
  for (const ProbeSite& site : AllProbes()) {
    const auto probe = half->Probe(Inputs(kRows), site);
    EXPECT_TRUE(at::equal(half->Forward(Inputs(kRows), {.from = probe.get()}).sample, output)) << Show(site);
  }
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
