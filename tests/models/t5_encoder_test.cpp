// T5's and UMT5's encoders: what does not depend on reference numbers (tests/fixtures_dit has those).
#include "harness/models/t5_encoder.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/accumulate.h>

#include "harness/models/load.h"
#include "harness/nn/layers/macs.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

class T5Encoder : public ::testing::TestWithParam<const char*> {
 protected:
  fs::path Folder() const { return testing::SourceDir() / "tests/fixtures/dit/models" / GetParam(); }
  static at::Tensor Ids() { return at::tensor({5, 17, 3, 230, 1, 0, 0, 8, 9, 1, 0, 0, 0, 0}, at::kLong).view({2, 7}); }
  static at::Tensor Mask() { return at::tensor({1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0}, at::kLong).view({2, 7}); }
  c10::InferenceMode inference_;
};

TEST_P(T5Encoder, MaskedTokensAndOtherRowsDoNotCount) {
  const auto model = LoadFolder<T5EncoderModel>(Folder());
  const at::Tensor out = model->Forward(Ids(), Mask()).last_hidden_state;
  EXPECT_LE(
      testing::MaxAbsDiff(model->Forward(Ids().slice(0, 1, 2), Mask().slice(0, 1, 2)).last_hidden_state[0], out[1]),
      1e-5);
  const at::Tensor other = at::where(Mask() == 0, at::full_like(Ids(), 77), Ids());
  const at::Tensor changed = model->Forward(other, Mask()).last_hidden_state;
  EXPECT_LE(testing::MaxAbsDiff(changed[0].slice(0, 0, 5), out[0].slice(0, 0, 5)), 1e-5);
  EXPECT_GT(testing::MaxAbsDiff(model->Forward(Ids()).last_hidden_state[1].slice(0, 0, 3), out[1].slice(0, 0, 3)),
            1e-3);
  EXPECT_ERROR(model->Forward(Ids(), Mask().slice(1, 0, 6)), "takes a mask [2, 7] for as many token ids, got [2, 6]");
}

TEST_P(T5Encoder, HalfPrecision) {
  const at::Tensor exact = LoadFolder<T5EncoderModel>(Folder())->Forward(Ids(), Mask()).last_hidden_state;
  for (const auto& [dtype, epsilon] : {std::pair(at::kHalf, 1e-3), std::pair(at::kBFloat16, 8e-3)}) {
    const auto half = LoadFolder<T5EncoderModel>(Folder(), {.dtype = dtype});
    const at::Tensor out = half->Forward(Ids(), Mask()).last_hidden_state;
    EXPECT_EQ(out.scalar_type(), dtype);
    EXPECT_LE((out.to(at::kFloat) - exact).norm().item<double>(), 20 * epsilon * exact.norm().item<double>()) << dtype;
  }
}

// Files in shards, and with the embedding once more under the name that older files have.
TEST_P(T5Encoder, ReadsShardsAndOlderFiles) {
  const at::Tensor expected = LoadFolder<T5EncoderModel>(Folder())->Forward(Ids()).last_hidden_state;
  const auto tensors = testing::LoadTensors(Folder() / "model.safetensors");
  const testing::TempDir temp;
  std::map<std::string, at::Tensor> parts[2];
  Json index = {{"metadata", Json::object()}, {"weight_map", Json::object()}};
  size_t k = 0;
  for (const auto& [name, tensor] : tensors) {
    const size_t part = k++ % 2;
    parts[part][name] = tensor;
    index["weight_map"][name] = fmt::format("model-0000{}-of-00002.safetensors", part + 1);
  }
  parts[0]["encoder.embed_tokens.weight"] = tensors.at("shared.weight");
  index["weight_map"]["encoder.embed_tokens.weight"] = "model-00001-of-00002.safetensors";
  for (int part = 0; part < 2; ++part)
    WriteTensorFile(temp / fmt::format("model-0000{}-of-00002.safetensors", part + 1), parts[part]);
  testing::WriteFile(temp / "model.safetensors.index.json", index.dump());
  fs::copy_file(Folder() / "config.json", temp / "config.json");
  EXPECT_TRUE(at::equal(LoadFolder<T5EncoderModel>(temp.path())->Forward(Ids()).last_hidden_state, expected));
}

INSTANTIATE_TEST_SUITE_P(All, T5Encoder, ::testing::Values("flux-tiny/text_encoder_2", "wan-tiny/text_encoder"),
                         [](const auto& info) { return info.index == 0 ? "T5" : "UMT5"; });

// The published encoders, without weights: T5 v1.1 XXL of PixArt, SD3 and FLUX, UMT5 XXL of Wan.
TEST(T5EncoderSizes, AreThoseOfThePublishedModels) {
  Json config = {{"model_type", "t5"},
                 {"architectures", {"T5EncoderModel"}},
                 {"vocab_size", 32128},
                 {"d_model", 4096},
                 {"d_kv", 64},
                 {"d_ff", 10240},
                 {"num_layers", 24},
                 {"num_heads", 64},
                 {"feed_forward_proj", "gated-gelu"}};
  const auto parameters = [&] {
    const Weights shapes = Weights::ShapesOnly();
    T5EncoderModel(T5EncoderModel::ParseConfig(JsonReader(config, "test")), shapes);
    int64_t elements = 0;
    for (const auto& [name, shape] : shapes.taken()) elements += c10::multiply_integers(shape);
    return elements;
  };
  EXPECT_EQ(parameters(), 4'762'310'656);
  config["model_type"] = "umt5";
  config["architectures"] = {"UMT5EncoderModel"};
  config["vocab_size"] = 256384;
  EXPECT_EQ(parameters(), 5'680'910'336);
}

TEST(T5EncoderConfig, RefusesWhatItIsNot) {
  const auto parse = [](const Json& config) { T5EncoderModel::ParseConfig(JsonReader(config, "config.json")); };
  EXPECT_ERROR(parse({{"model_type", "bert"}}), "config.json: model_type");
  EXPECT_ERROR(parse({{"architectures", {"T5ForConditionalGeneration"}}}), "architectures");
  EXPECT_ERROR(parse({{"feed_forward_proj", "gated-swish"}}), "feed_forward_proj");
  EXPECT_ERROR(parse({{"relative_attention_max_distance", 8}}), "expected more than a quarter of the 32 buckets");
}

// Of transformers 5.24: half the buckets look back; distances of 8 and more share them in logarithmic steps.
TEST(T5PositionBuckets, AreTransformers) {
  const at::Tensor buckets = T5PositionBuckets(200, 32, 128);
  const std::pair<int, int> expected[] = {{0, 0},   {7, 7},   {8, 8},   {15, 9},   {16, 10},  {17, 10}, {31, 11},
                                          {32, 12}, {63, 13}, {64, 14}, {127, 15}, {128, 15}, {199, 15}};
  for (const auto& [distance, bucket] : expected) {
    EXPECT_EQ(buckets[distance][0].item<int64_t>(), bucket) << distance;
    EXPECT_EQ(buckets[0][distance].item<int64_t>(), bucket + (distance > 0 ? 16 : 0)) << distance;
  }
}

}  // namespace
}  // namespace skipbench
