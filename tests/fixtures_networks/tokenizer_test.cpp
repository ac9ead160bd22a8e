// Token ids against transformers (the slow tokenizer without ftfy, with another padding token, and the fast one).
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "harness/io/tokenizers/clip_tokenizer.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::LoadManifest;
using testing::Manifest;

ClipTokenizer Make(const Manifest& manifest, const Json& row, const Json& cases, ClipVariant variant,
                   const std::string& pad) {
  const auto vocab = manifest.folder / row.at("vocab").get<std::string>();
  const auto merges = manifest.folder / row.at("merges").get<std::string>();
  ClipTokenizerConfig config;
  config.model_max_length = cases.at("max_length").get<int64_t>();
  config.pad_token = pad;
  return ClipTokenizer(BytePairEncoding::Load(vocab, merges), config, variant, vocab.string());
}

TEST(TokenizerFixtures, IdsEqualTransformers) {
  const Manifest manifest = LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no diffusion fixtures";
  int texts = 0;
  for (const Json& row : manifest.json.at("cases")) {
    if (row.at("kind") != "tokenizer") continue;
    const Json cases = ReadJsonFile(manifest.folder / row.at("json").get<std::string>());
    const ClipTokenizer slow = Make(manifest, row, cases, ClipVariant::kSlow, "<|endoftext|>");
    const ClipTokenizer bang = Make(manifest, row, cases, ClipVariant::kSlow, "!");
    const ClipTokenizer fast = Make(manifest, row, cases, ClipVariant::kFast, "<|endoftext|>");
    EXPECT_EQ(slow.bos_id(), cases.at("bos").get<int64_t>());
    EXPECT_EQ(slow.eos_id(), cases.at("eos").get<int64_t>());
    EXPECT_EQ(slow.pad_id(), cases.at("pad").get<int64_t>());
    EXPECT_EQ(bang.pad_id(), cases.at("pad_bang").get<int64_t>());
    for (const Json& one : cases.at("cases")) {
      const auto text = one.at("text").get<std::string>();
      SCOPED_TRACE(Json(text).dump(-1, ' ', true));
      const Json& ids = one.at("input_ids");
      EXPECT_EQ(Json(slow.Encode(text)), one.contains("input_ids_no_ftfy") ? one.at("input_ids_no_ftfy") : ids);
      EXPECT_EQ(Json(fast.Encode(text)), one.contains("input_ids_fast") ? one.at("input_ids_fast") : ids);
      // Kept for the tokenizer that had ftfy, so comparable where ftfy made no difference.
      if (!one.contains("input_ids_no_ftfy")) EXPECT_EQ(Json(bang.Encode(text)), one.at("input_ids_pad_bang"));
      ++texts;
    }
  }
  EXPECT_GT(texts, 0);
}

// The tokenizers inside the pipelines' folders, read with their own configuration: the conditioning cases keep the ids.
TEST(TokenizerFixtures, ShippedModel) {
  const Manifest manifest = LoadManifest("fashion_scenes", "cases.json");
  if (!manifest.exists) GTEST_SKIP() << "no fashion_scenes fixtures";
  const auto tensors = testing::LoadTensors(manifest.folder / "networks.safetensors");
  const at::Tensor ids = tensors.at("input_ids");
  std::filesystem::path folder = testing::SourceDir() / "datasets" / "fashion_scenes" / "model" / "tokenizer";
  ASSERT_TRUE(std::filesystem::exists(folder)) << folder;
  const ClipTokenizer tokenizer = ClipTokenizer::Load(folder);
  const auto captions = manifest.json.at("network_captions").get<std::vector<std::string>>();
  ASSERT_EQ(ids.size(0), static_cast<int64_t>(captions.size()));
  for (size_t i = 0; i < captions.size(); ++i)
    EXPECT_TRUE(at::equal(at::tensor(tokenizer.Encode(captions[i])), ids[static_cast<int64_t>(i)])) << captions[i];
}

// Folders that hold tokenizer.json alone, loaded and saved, or made and saved, by transformers 5.
TEST(TokenizerFixtures, ResavedFolders) {
  const Manifest manifest = LoadManifest("resaved", "tokenizers.json");
  if (!manifest.exists) GTEST_SKIP() << "no resaved fixtures";
  for (const Json& row : manifest.json.at("tokenizers")) {
    SCOPED_TRACE(row.at("folder").get<std::string>());
    const auto folder = manifest.folder / row.at("folder").get<std::string>();
    EXPECT_TRUE(HoldsOnlyTokenizerJson(folder));
    const ClipTokenizer tokenizer = ClipTokenizer::Load(folder, ClipVariant::kFast);
    EXPECT_EQ(tokenizer.max_length(), row.at("model_max_length").get<int64_t>());
    for (size_t i = 0; i < manifest.json.at("texts").size(); ++i) {
      const auto text = manifest.json.at("texts")[i].get<std::string>();
      EXPECT_EQ(Json(tokenizer.Encode(text)), row.at("input_ids")[i]) << Json(text).dump(-1, ' ', true);
    }
  }
}

}  // namespace
}  // namespace skipbench
