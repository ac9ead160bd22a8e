#include "harness/nn/weights/weights.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/nn/weights/tensor_file.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

using testing::TempDir;
using testing::WriteFile;

class WeightsTest : public ::testing::Test {
 protected:
  void SetUp() override { at::manual_seed(1); }
  c10::InferenceMode inference_;
  TempDir temp_;
};

TEST_F(WeightsTest, TakesByScopeAndConverts) {
  const at::Tensor weight = at::randn({4, 3}), bias = at::randn({4}).to(at::kHalf);
  WriteTensorFile(temp_ / "model.safetensors", {{"blocks.0.linear.weight", weight}, {"blocks.0.linear.bias", bias}});
  const Weights weights = Weights::FromFolder(temp_.path(), "model", {.dtype = at::kBFloat16});
  const Weights linear = weights.Sub("blocks", 0).Sub("linear");
  EXPECT_EQ(linear.scope(), "blocks.0.linear.");
  const at::Tensor taken = linear.Take("weight", {4, 3});
  EXPECT_EQ(taken.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(taken, weight.to(at::kBFloat16)));
  EXPECT_TRUE(at::equal(linear.Take("bias", {4}), bias.to(at::kBFloat16)));
  EXPECT_TRUE(weights.HasPrefix("blocks.0."));
  EXPECT_FALSE(weights.HasPrefix("blocks.1."));
  EXPECT_EQ(weights.taken()[1].first, "blocks.0.linear.bias");
  EXPECT_EQ(weights.taken()[1].second, std::vector<int64_t>{4});
  EXPECT_FALSE(weights.HasProblems());
  weights.Finish();
  EXPECT_ERROR(weights.Take("blocks.0.linear.bias", {4}), "after Finish()");
}

TEST_F(WeightsTest, ReportsEverythingAtOnce) {
  WriteTensorFile(
      temp_ / "model.safetensors",
      {{"a", at::ones({2})}, {"b", at::ones({3})}, {"text.position_ids", at::arange(4)}, {"extra", at::ones({1})}});
  const Weights weights = Weights::FromFile(temp_ / "model.safetensors", {.ignore = {"*.position_ids"}});
  EXPECT_EQ(weights.Take("a", {2}).sizes(), at::IntArrayRef({2}));
  EXPECT_FALSE(weights.HasProblems());
  const at::Tensor misshaped = weights.Take("b", {3, 7});
  EXPECT_EQ(misshaped.sizes(), at::IntArrayRef({3, 7}));
  EXPECT_TRUE(weights.HasProblems());
  EXPECT_EQ(weights.Take("c", {1 << 30, 1 << 20}).storage().nbytes(), 4u);  // a placeholder takes no memory
  try {
    weights.Finish();
    FAIL() << "no error";
  } catch (const Error& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find((temp_ / "model.safetensors").string()), std::string::npos) << text;
    EXPECT_NE(text.find("missing (1):\n    \"c\" [1073741824, 1048576]"), std::string::npos) << text;
    EXPECT_NE(text.find("unexpected (1):\n    \"extra\" [1]"), std::string::npos) << text;
    EXPECT_NE(text.find("\"b\" is [3] in model.safetensors, the network expects [3, 7]"), std::string::npos) << text;
    EXPECT_EQ(text.find("position_ids"), std::string::npos) << text;
  }
}

TEST_F(WeightsTest, ImpossibleShapes) {
  const Weights weights = Weights::ShapesOnly();
  EXPECT_ERROR(weights.Sub("x").Take("w", {int64_t{1} << 40, int64_t{1} << 40}),
               "\"x.w\": the configuration asks for the impossible");
  EXPECT_ERROR(weights.Take("w", {-1}), "impossible shape [-1]");
}

TEST_F(WeightsTest, ShapesOnlyHasNoData) {
  const Weights weights = Weights::ShapesOnly({.dtype = at::kHalf});
  const at::Tensor t = weights.Take("w", {1 << 20, 1 << 20});
  EXPECT_TRUE(t.is_meta());
  EXPECT_EQ(t.scalar_type(), at::kHalf);
  EXPECT_FALSE(weights.HasPrefix("w"));
  weights.Finish();
}

TEST_F(WeightsTest, Shards) {
  WriteTensorFile(temp_ / "m-00001-of-00002.safetensors", {{"a", at::ones({2})}});
  WriteTensorFile(temp_ / "m-00002-of-00002.safetensors", {{"b", at::ones({3})}});
  const auto index = temp_ / "m.safetensors.index.json";
  WriteFile(index, R"({"metadata": {"total_size": 20}, "weight_map":
      {"a": "m-00001-of-00002.safetensors", "b": "m-00002-of-00002.safetensors"}})");
  {
    const Weights weights = Weights::FromFolder(temp_.path(), "m");
    EXPECT_EQ(weights.files().size(), 2u);
    weights.Take("a", {2});
    weights.Take("b", {3});
    weights.Finish();
  }
  // The index of a variant carries its name between "index" and "json".
  std::filesystem::rename(index, temp_ / "m.safetensors.index.fp16.json");
  EXPECT_EQ(Weights::FromFolder(temp_.path(), "m", {.variant = "fp16"}).files().size(), 2u);
  EXPECT_ERROR(Weights::FromFolder(temp_.path(), "m"), "looked for m.safetensors and m.safetensors.index.json");

  WriteFile(index, R"({"weight_map": {"a": "m-00001-of-00002.safetensors", "b": "m-00001-of-00002.safetensors"}})");
  const Weights wrong = Weights::FromFolder(temp_.path(), "m");
  wrong.Take("a", {2});
  EXPECT_ERROR(wrong.Finish(), "the index says that \"b\" is in m-00001-of-00002.safetensors, where it is not");
  WriteFile(index, R"({"weight_map": {"a": "m-00003-of-00002.safetensors"}})");
  EXPECT_ERROR(Weights::FromFolder(temp_.path(), "m"),
               "names the shard m-00003-of-00002.safetensors, which is missing");
  WriteFile(index, R"({"weight_map": {"a": "../m.safetensors"}})");
  EXPECT_ERROR(Weights::FromFolder(temp_.path(), "m"), "expected the name of a file in the same folder");
  WriteFile(index, R"({"weight_map": {}})");
  EXPECT_ERROR(Weights::FromFolder(temp_.path(), "m"), "weight_map: names no file");
}

TEST_F(WeightsTest, SameTensorInTwoShards) {
  for (const char* name : {"m-1.safetensors", "m-2.safetensors"}) WriteTensorFile(temp_ / name, {{"a", at::ones({2})}});
  WriteFile(temp_ / "m.safetensors.index.json", R"({"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}})");
  const Weights weights = Weights::FromFolder(temp_.path(), "m");
  weights.Take("a", {2});
  EXPECT_ERROR(weights.Finish(), "\"a\" is there twice");
}

TEST_F(WeightsTest, VariantAndWhatIsThereInstead) {
  WriteTensorFile(temp_ / "m.fp16.safetensors", {{"a", at::ones({2})}});
  EXPECT_EQ(Weights::FromFolder(temp_.path(), "m", {.variant = "fp16"}).files()[0].filename(), "m.fp16.safetensors");
  EXPECT_ERROR(Weights::FromFolder(temp_.path(), "m"), "there is m.fp16.safetensors");
  EXPECT_ERROR(Weights::FromFolder(temp_ / "nowhere", "m"), "no such folder");
  TempDir other;
  WriteFile(other / "m.bin", "PK\3\4");
  EXPECT_ERROR(Weights::FromFolder(other.path(), "m"), "m.bin is a pickle");
  EXPECT_ERROR(Weights::FromFile(other / "m.bin"), "scripts/convert/");
}

// What torch.compile and DataParallel put into names is left out, and said.
TEST_F(WeightsTest, NamesOfWrappedNetworks) {
  const at::Tensor a = at::randn({2}), b = at::randn({3});
  const auto read = [&](const std::string& first, const std::string& second) {
    WriteTensorFile(temp_ / "model.safetensors", {{first, a}, {second, b}});
    const Weights weights = Weights::FromFolder(temp_.path(), "model");
    EXPECT_TRUE(at::equal(weights.Take("blocks.0.w", {2}), a)) << first;
    EXPECT_TRUE(at::equal(weights.Take("conv.w", {3}), b)) << second;
    const auto notes = weights.notes();
    weights.Finish();
    return notes.empty() ? "" : notes.at(0);
  };
  const auto saying = [&](const std::string& what) {
    return (temp_ / "model.safetensors").string() +
           ": saved from a wrapped network (torch.compile's or DataParallel's); " + what +
           " is left out of its tensors' names";
  };
  EXPECT_EQ(read("blocks.0.w", "conv.w"), "");
  EXPECT_EQ(read("_orig_mod.blocks.0.w", "_orig_mod.conv.w"), saying("_orig_mod."));
  EXPECT_EQ(read("blocks.0._orig_mod.w", "conv.w"), saying("_orig_mod."));  // a part of it compiled
  EXPECT_EQ(read("module.blocks.0.w", "module.conv.w"), saying("module."));
  EXPECT_EQ(read("module._orig_mod.blocks.0.w", "_orig_mod.module.conv.w"), saying("_orig_mod. and module."));
  // "module." in front of a part of the names is a name.
  WriteTensorFile(temp_ / "model.safetensors", {{"module.w", a}, {"conv.w", b}});
  const Weights part = Weights::FromFolder(temp_.path(), "model");
  EXPECT_TRUE(part.HasPrefix("module.w"));
  EXPECT_TRUE(part.notes().empty());
  // Both names of one tensor.
  WriteTensorFile(temp_ / "model.safetensors", {{"conv.w", a}, {"_orig_mod.conv.w", b}});
  EXPECT_ERROR(Weights::FromFolder(temp_.path(), "model").Finish(), "\"conv.w\" is there twice");
}

TEST_F(WeightsTest, ShardsOfAWrappedNetwork) {
  const at::Tensor a = at::randn({2}), b = at::randn({3});
  WriteTensorFile(temp_ / "a.safetensors", {{"module.a", a}});
  WriteTensorFile(temp_ / "b.safetensors", {{"module.b", b}});
  WriteFile(temp_ / "model.safetensors.index.json",
            R"({"weight_map": {"module.a": "a.safetensors", "module.b": "b.safetensors"}})");
  const Weights weights = Weights::FromFolder(temp_.path(), "model");
  EXPECT_TRUE(at::equal(weights.Take("a", {2}), a));
  EXPECT_TRUE(at::equal(weights.Take("b", {3}), b));
  weights.Finish();
}

TEST_F(WeightsTest, AnotherPrefixIsNamed) {
  WriteTensorFile(temp_ / "model.safetensors",
                  {{"unet.a", at::ones({2})}, {"unet.b", at::ones({3})}, {"c", at::ones({1})}});
  const Weights weights = Weights::FromFolder(temp_.path(), "model");
  weights.Take("a", {2});
  weights.Take("b", {3});
  EXPECT_ERROR(weights.Finish(),
               "configuration:\n  the file has \"unet.\" in front of the network's names\n  missing (2)");
}

TEST_F(WeightsTest, OldAttentionNames) {
  EXPECT_EQ(ModernAttentionName("mid_block.attentions.0.query.weight"), "mid_block.attentions.0.to_q.weight");
  EXPECT_EQ(ModernAttentionName("mid_block.attentions.0.proj_attn.bias"), "mid_block.attentions.0.to_out.0.bias");
  EXPECT_EQ(ModernAttentionName("mid_block.attentions.0.to_q.weight"), "mid_block.attentions.0.to_q.weight");
  EXPECT_EQ(ModernAttentionName("layers.0.query.weight"), "layers.0.query.weight");
  EXPECT_EQ(ModernAttentionName("query"), "query");
  EXPECT_EQ(ModernAttentionName(".weight"), ".weight");
}

TEST_F(WeightsTest, MapsSplitsAndTransposes) {
  const at::Tensor qkv = at::randn({6, 2}), proj = at::randn({2, 5}), conv = at::randn({2, 2, 1, 1});
  WriteTensorFile(temp_ / "c.safetensors",
                  {{"in_proj", qkv}, {"proj", proj}, {"conv", conv}, {"other.x", at::ones({1})}});
  WeightsOptions options;
  options.map = [](const std::string& name, const std::vector<int64_t>& shape) -> std::vector<MappedTensor> {
    if (name == "in_proj") {
      const int64_t rows = shape[0] / 3;
      return {{"q", 0, rows}, {"k", rows, 2 * rows}, {"v", 2 * rows, 3 * rows}};
    }
    if (name == "proj") return {{.name = "out", .transpose = true}};
    if (name == "conv") return {{.name = "linear"}};
    return {};
  };
  const Weights weights = Weights::FromFile(temp_ / "c.safetensors", options);
  EXPECT_TRUE(at::equal(weights.Take("k", {2, 2}), qkv.slice(0, 2, 4)));
  EXPECT_TRUE(at::equal(weights.Take("q", {2, 2}), qkv.slice(0, 0, 2)));
  EXPECT_TRUE(at::equal(weights.Take("v", {2, 2}), qkv.slice(0, 4, 6)));
  const at::Tensor out = weights.Take("out", {5, 2});
  EXPECT_TRUE(at::equal(out, proj.t()));
  EXPECT_TRUE(out.is_contiguous());
  EXPECT_TRUE(at::equal(weights.Take("linear", {2, 2}), conv.view({2, 2})));
  weights.Finish();
  options.map = [](const std::string&, const std::vector<int64_t>&) -> std::vector<MappedTensor> {
    return {{"q", 4, 9}};
  };
  EXPECT_ERROR(Weights::FromFile(temp_ / "c.safetensors", options), "rows 4 to 9");
}

TEST_F(WeightsTest, UnsupportedTypes) {
  WriteTensorFile(temp_ / "m.safetensors", {{"w", at::ones({2})}, {"ids", at::arange(2)}});
  const Weights weights = Weights::FromFile(temp_ / "m.safetensors", {.dtype = at::kBFloat16});
  EXPECT_EQ(weights.Take("w", {2}).scalar_type(), at::kBFloat16);
  EXPECT_ERROR(weights.Take("ids", {2}), "expected floating-point values");
  const std::byte zero[2] = {};
  WriteSafetensors(temp_ / "f8.safetensors", {{"w", Dtype::kF8E8M0, {2}, zero}});
  EXPECT_ERROR(Weights::FromFile(temp_ / "f8.safetensors").Take("w", {2}),
               "\"w\": tensors of type F8_E8M0 are not supported");
  // 1.5 and -0.5, by the definition of the two formats.
  const std::byte e4m3[2] = {std::byte{0x3C}, std::byte{0xB0}}, e5m2[2] = {std::byte{0x3E}, std::byte{0xB8}};
  WriteSafetensors(temp_ / "f8.safetensors", {{"a", Dtype::kF8E4M3, {2}, e4m3}, {"b", Dtype::kF8E5M2, {2}, e5m2}});
  const Weights small = Weights::FromFile(temp_ / "f8.safetensors");
  for (const char* name : {"a", "b"}) EXPECT_TRUE(small.Take(name, {2}).equal(at::tensor({1.5f, -0.5f}))) << name;
}

TEST_F(WeightsTest, UnalignedDataAndEmptyTensors) {
  const std::string header =
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]}})";
  for (int pad = 0; pad < 8; ++pad) {
    const std::string padded = header + std::string(pad, ' ');
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(padded.size());
    const float values[2] = {1.5f, -2.0f};
    bytes += padded + std::string(reinterpret_cast<const char*>(values), 8);
    WriteFile(temp_ / "u.safetensors", bytes);
    const auto file = SafetensorsFile::Open(temp_ / "u.safetensors");
    EXPECT_TRUE(at::equal(ToTensor(file, *file->Find("a")), at::tensor({1.5f, -2.0f})));
    EXPECT_EQ(ReadTensorFile(temp_ / "u.safetensors").at("e").sizes(), at::IntArrayRef({0, 3}));
    const Weights weights = Weights::FromFile(temp_ / "u.safetensors", {.dtype = at::kDouble});
    EXPECT_TRUE(at::equal(weights.Take("a", {2}), at::tensor({1.5, -2.0})));
  }
}

}  // namespace
}  // namespace skipbench
