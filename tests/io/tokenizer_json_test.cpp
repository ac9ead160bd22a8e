// tokenizer.json: what is CLIP's, what is not, and what is left from the last call before it was saved.
#include "harness/io/tokenizers/clip_tokenizer.h"

#include <gtest/gtest.h>

#include "harness/base/json.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::TempDir;
using testing::WriteFile;

class TokenizerJsonTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(Source())) GTEST_SKIP() << "no resaved fixtures";
    json_ = ReadJsonFile(Source());
  }
  static std::filesystem::path Source() { return testing::FixtureRoot() / "resaved/tokenizer_made/tokenizer.json"; }
  // Writes the folder; "!" pads.
  ClipTokenizer Load(ClipVariant variant = ClipVariant::kFast) {
    WriteFile(temp_ / "tokenizer.json", json_.dump());
    WriteFile(temp_ / "tokenizer_config.json", config_.dump());
    return ClipTokenizer::Load(temp_.path(), variant);
  }
  TempDir temp_;
  Json json_, config_ = {{"tokenizer_class", "CLIPTokenizer"},
                         {"pad_token", "!"},
                         {"model_max_length", 24},
                         {"backend", "tokenizers"}};
};

TEST_F(TokenizerJsonTest, ReadsTheFolder) {
  const ClipTokenizer tokenizer = Load();
  EXPECT_TRUE(HoldsOnlyTokenizerJson(temp_.path()));
  EXPECT_EQ(tokenizer.pad_id(), 0);
  EXPECT_EQ(tokenizer.max_length(), 24);
  EXPECT_EQ(tokenizer.bos_id(), 1712);
  EXPECT_EQ(tokenizer.eos_id(), 1713);
  EXPECT_EQ(tokenizer.max_id(), 1713);
}

TEST_F(TokenizerJsonTest, EqualsVocabAndMerges) {
  const auto folder = testing::FixtureRoot() / "diffusion/models/sd15-tiny/tokenizer";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no diffusion fixtures";
  const ClipTokenizer old = ClipTokenizer::Load(folder, ClipVariant::kFast);
  for (const char* text : {"a red bus stops in front of a small cafe", "don't  STOP 3.5", ""})
    EXPECT_EQ(Load().Tokenize(text), old.Tokenize(text)) << text;
}

TEST_F(TokenizerJsonTest, PaddingAndTruncationOfTheLastCallAreNotRead) {
  EXPECT_FALSE(json_["padding"].is_null());
  EXPECT_EQ(json_["truncation"]["max_length"], 12);
  const auto ids = Load().Encode("one two three four five six seven eight nine ten eleven twelve");
  EXPECT_EQ(ids.size(), 24u);
  json_["padding"] = json_["truncation"] = nullptr;
  EXPECT_EQ(Load().Encode("one two three four five six seven eight nine ten eleven twelve"), ids);
  json_["padding"] = {{"strategy", "BatchLongest"}, {"direction", "Left"}};
  EXPECT_ERROR(Load(), "tokenizer.json: padding.direction: only \"Right\" is supported, found \"Left\"");
}

TEST_F(TokenizerJsonTest, OlderWaysToWriteTheSame) {
  const auto ids = Load().Encode("A cafe, it's 3.5");
  for (Json& merge : json_["model"]["merges"]) merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  EXPECT_EQ(Load().Encode("A cafe, it's 3.5"), ids);
  const auto special = [](const char* token, int id) {
    return Json{{"SpecialToken", {{"id", token}, {"type_id", id}}}};
  };
  json_["post_processor"] = {{"type", "TemplateProcessing"},
                             {"single", Json::array({special("<|startoftext|>", 0),
                                                     {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
                                                     special("<|endoftext|>", 0)})}};
  EXPECT_EQ(Load().Encode("A cafe, it's 3.5"), ids);
  json_["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] =
      R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";
  EXPECT_EQ(Load().Encode("A cafe, it's 3.5"), ids);
  EXPECT_NE(Load().Encode("<|ENDOFTEXT|>"), ids);
}

TEST_F(TokenizerJsonTest, AddedTokensWithIdsBehindTheVocabulary) {
  json_["added_tokens"].push_back({{"id", 1714},
                                   {"content", "<cat-toy>"},
                                   {"single_word", false},
                                   {"lstrip", false},
                                   {"rstrip", false},
                                   {"normalized", true}});
  EXPECT_EQ(Load().Tokenize("<cat-toy>"), (std::vector<int64_t>{1714}));
  EXPECT_EQ(Load().max_id(), 1714);
  json_["added_tokens"].back()["lstrip"] = true;
  EXPECT_ERROR(Load(), "added_tokens[3].lstrip: tokens with this option are not supported");
}

TEST_F(TokenizerJsonTest, WhatIsNotClipsIsRefusedByName) {
  const Json clip = json_;
  const auto refuse = [&](const std::string& pointer, const Json& value, const std::string& message) {
    json_ = clip;
    json_[Json::json_pointer(pointer)] = value;
    SCOPED_TRACE(pointer);
    EXPECT_ERROR(Load(), message);
  };
  refuse("/model/type", "Unigram", "tokenizer.json: model.type: not a tokenizer of CLIP: expected \"BPE\"");
  refuse("/model/end_of_word_suffix", nullptr, "model.end_of_word_suffix: not a tokenizer of CLIP: expected \"</w>\"");
  refuse("/model/byte_fallback", true, "model.byte_fallback: not a tokenizer of CLIP: expected false");
  refuse("/model/dropout", 0.1, "model.dropout: not a tokenizer of CLIP");
  refuse("/model", nullptr, "model: not a tokenizer of CLIP: expected byte-pair encoding (BPE)");
  refuse("/normalizer", {{"type", "NFKC"}},
         "normalizer: not a tokenizer of CLIP: expected NFC, Replace \\s+ by one space, Lowercase, found "
         "{\"type\":\"NFKC\"}");
  refuse("/normalizer", nullptr, "normalizer: not a tokenizer of CLIP");
  refuse("/pre_tokenizer/pretokenizers/0/pattern/Regex", "\\w+",
         "pre_tokenizer: not a tokenizer of CLIP: expected Split by the pattern");
  refuse("/pre_tokenizer", {{"type", "Whitespace"}}, "pre_tokenizer: not a tokenizer of CLIP");
  refuse("/post_processor", {{"type", "BertProcessing"}},
         "post_processor: not a tokenizer of CLIP: expected RobertaProcessing");
  refuse("/post_processor", nullptr, "post_processor: not a tokenizer of CLIP");
  refuse("/post_processor/cls", {"<|startoftext|>", 5},
         "post_processor.cls: the token \"<|startoftext|>\" has the id 5");
  refuse("/model/merges/0", {"a"}, "model.merges[0]: expected a pair of symbols, found [\"a\"]");
  refuse("/model/merges/0", {"a", "\xF0\x9F\x98\x80"}, "model.merges[0]: ");
  refuse("/model/vocab/a", -1, "model.vocab: token \"a\": expected an id");
}

TEST_F(TokenizerJsonTest, TheConfigHasToAgree) {
  config_["eos_token"] = "</s>";
  EXPECT_ERROR(Load(),
               "post_processor: puts \"<|endoftext|>\" beside a text; tokenizer_config.json says eos_token: \"</s>\"");
  config_.erase("eos_token");
  config_["tokenizer_class"] = "T5Tokenizer";
  EXPECT_ERROR(Load(), "tokenizer_class: T5Tokenizer is not supported");
}

TEST_F(TokenizerJsonTest, AFolderWithoutAnyIsNamed) {
  EXPECT_ERROR(ClipTokenizer::Load(temp_.path()),
               "no tokenizer: expected vocab.json and merges.txt, or tokenizer.json");
}

}  // namespace
}  // namespace skipbench
