// Transformers against diffusers: one forward each, on sizes of their own and others, with all that it passes through.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "harness/models/load.h"
#include "harness/nn/layers/patches.h"
#include "tests/fixtures_dit/dit_cases.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::DitCase;
using testing::ExpectClose;
using Tensors = std::map<std::string, at::Tensor>;

// What the fixtures call it, by what the network shows it as.
const std::map<std::string, std::string>& Names() {
  static const std::map<std::string, std::string> names = {{"pos_embed", "embedded"},
                                                           {"x_embedder", "embedded"},
                                                           {"patch_embedding", "embedded"},
                                                           {"caption_projection", "embedded.text"},
                                                           {"context_embedder", "embedded.text"},
                                                           {"condition_embedder.text_embedder", "embedded.text"},
                                                           {"transformer_blocks.0.norm1.emb", "temb"},
                                                           {"adaln_single", "temb"},
                                                           {"time_text_embed", "temb"},
                                                           {"condition_embedder.time_proj", "temb"},
                                                           {"pos_embed.cos", "rope.cos"},
                                                           {"pos_embed.sin", "rope.sin"},
                                                           {"rope.cos", "rope.cos"},
                                                           {"rope.sin", "rope.sin"}};
  return names;
}

class TransformerForwards : public testing::DitTest {
 protected:
  void SetUp() override {
    tensors_ = GetParam().tensors();
    network_ = LoadFolder<Network>(GetParam().model() / "transformer");
    packed_ = tensors_.contains("in.img_ids");
  }

  // diffusers' FLUX takes and gives latents in packed patches.
  at::Tensor Unpack(const at::Tensor& tokens) const {
    const std::vector<int64_t> size = GetParam().config().at("size");
    return FromPatches(tokens, {tokens.size(0), tokens.size(2) / 4, size[0], size[1]}, {2, 2}, false);
  }

  NetworkInputs Inputs() const {
    NetworkInputs inputs;
    const at::Tensor& sample = tensors_.at("in.hidden_states");
    inputs.sample = packed_ ? Unpack(sample) : sample;
    // It takes FLUX's timestep without the factor of the scheduler's.
    inputs.timesteps = packed_ ? tensors_.at("in.timestep") * 1000 : tensors_.at("in.timestep");
    for (const auto& [name, taken] : network_->conditioning(inputs.sample.sizes().slice(1)))
      inputs.conditioning[name] = tensors_.at("in." + name);
    return inputs;
  }

  Tensors tensors_;
  std::unique_ptr<Network> network_;
  bool packed_ = false;
};

TEST_P(TransformerForwards, EqualDiffusersBlockByBlock) {
  const c10::InferenceMode inference;
  const DitCase& c = GetParam();
  NetworkInputs inputs = Inputs();
  Tensors seen;
  inputs.observe = [&](const std::string& name, const at::Tensor& output) {
    const auto found = Names().find(name);
    seen[found == Names().end() ? "block." + name : found->second] = output.clone();
  };
  const at::Tensor output = network_->Forward(inputs).sample;
  seen["output"] = packed_ ? ToPatches(output, {2, 2}) : output;
  for (const auto& [name, expected] : tensors_) {
    if (name.starts_with("in.")) continue;
    ASSERT_TRUE(seen.contains(name)) << name << " is not shown";
    // One row where all samples share it; [6 dim] for [6, dim]; rotary tables without axes of length one.
    at::Tensor value = seen.at(name);
    if (name == "temb" && value.size(0) == 1) value = value.expand({expected.size(0), -1});
    if (value.numel() == expected.numel()) value = value.reshape(expected.sizes());
    ExpectClose(c, name, value, expected);
  }
}

// What a full forward kept at a cut leads to the full output.
TEST_P(TransformerForwards, CanBeCutAnywhere) {
  const c10::InferenceMode inference;
  const NetworkInputs inputs = Inputs();
  const int blocks = network_->info().abilities.blocks;
  std::vector<CacheSite> all;
  for (int back = 0; back < blocks; ++back)
    for (int front = 0; front + back < blocks; ++front) all.push_back({.front = front, .back = back});
  const NetworkOutput full = network_->Forward(inputs, {.keep = all});
  for (const CacheSite& cut : all)
    ExpectClose(GetParam(), fmt::format("cut {}, {}", cut.front, cut.back),
                network_->Forward(inputs, {.site = cut, .cached = full.kept.at(cut)}).sample, full.sample);
}

// With a cache, as pipelines run it: positions are found once, tokens of the text are given once and each sample names
// its own.
TEST_P(TransformerForwards, AreTheSameFromACache) {
  const c10::InferenceMode inference;
  const NetworkInputs inputs = Inputs();
  const at::Tensor expected = network_->Forward(inputs).sample;
  NetworkInputs cached = inputs;
  const at::Tensor& tokens = inputs.Get("encoder_hidden_states");
  ConditioningCache cache(tokens.defined() ? tokens.flip(0) : tokens);
  cached.cache = &cache;
  if (tokens.defined()) cached.rows = at::arange(tokens.size(0) - 1, -1, -1, at::kLong);
  cached.conditioning.erase("encoder_hidden_states");
  for (int call = 0; call < 2; ++call)
    ExpectClose(GetParam(), "call " + std::to_string(call), network_->Forward(cached).sample, expected);
}

// A sample that is not made of whole patches.
TEST_P(TransformerForwards, RefuseHalfPatches) {
  const Json patch = ReadJsonFile(GetParam().model() / "transformer" / "config.json").at("patch_size");
  if (!packed_ && (patch == 1 || patch == Json({1, 1, 1}))) GTEST_SKIP() << "every value is a patch";
  NetworkInputs inputs = Inputs();
  for (int64_t axis = 2; axis < inputs.sample.dim(); ++axis) inputs.sample = inputs.sample.narrow(axis, 0, 1);
  EXPECT_ERROR(network_->Forward(inputs), "this network takes multiples of ");
}

DIT_CASES(TransformerForwards, "forward");

}  // namespace
}  // namespace skipbench
