#include "harness/io/tokenizers/clip_tokenizer.h"
#include "harness/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using testing::TempDir;
using testing::WriteFile;

// The 512 byte symbols every vocabulary has, then `merges` and the two special tokens: c = id of a byte character,
// 256 + c at a word's end.
struct Files {
  std::string vocab, merges;
};
Files SmallVocabulary(const std::vector<std::string>& merges) {
  std::vector<std::string> symbols;
  std::vector<char32_t> order;
  for (char32_t b = 0; b < 256; ++b)
    if ((b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE) order.push_back(b);
  for (char32_t extra = 0x100; order.size() < 256; ++extra) order.push_back(extra);
  for (const char* end : {"", "</w>"})
    for (char32_t c : order) symbols.push_back(EncodeUtf8(std::u32string(1, c)) + end);
  Files files;
  files.merges = "#version: 0.2\n";
  for (const auto& merge : merges) {
    files.merges += merge + "\n";
    std::string joined = merge;
    joined.erase(joined.find(' '), 1);
    symbols.push_back(joined);
  }
  symbols.insert(symbols.end(), {"<|startoftext|>", "<|endoftext|>"});
  Json vocab = Json::object();
  for (size_t i = 0; i < symbols.size(); ++i) vocab[symbols[i]] = i;
  files.vocab = vocab.dump();
  return files;
}

class ClipTokenizerTest : public ::testing::Test {
 protected:
  void Write(const std::vector<std::string>& merges) {
    const Files files = SmallVocabulary(merges);
    WriteFile(temp_ / "vocab.json", files.vocab);
    WriteFile(temp_ / "merges.txt", files.merges);
  }
  static int64_t Id(char c) { return c - '!'; }
  static int64_t Last(char c) { return 256 + c - '!'; }
  TempDir temp_;
};

TEST_F(ClipTokenizerTest, MergesByRank) {
  Write({"b c", "a b", "a bc", "d d", "dd d</w>"});
  const ClipTokenizer tokenizer = ClipTokenizer::Load(temp_.path());
  EXPECT_THAT(tokenizer.Tokenize("abcx"), ElementsAre(514, Last('x')));  // b c first, then a bc
  EXPECT_THAT(tokenizer.Tokenize("abx"), ElementsAre(513, Last('x')));
  EXPECT_THAT(tokenizer.Tokenize("ddddd"), ElementsAre(515, 516));  // d d twice, left to right, then dd d</w>
  EXPECT_THAT(tokenizer.Tokenize("ddd"), ElementsAre(516));
  EXPECT_EQ(tokenizer.bos_id(), 517);
  EXPECT_EQ(tokenizer.eos_id(), 518);
  EXPECT_EQ(tokenizer.max_id(), 518);
}

TEST_F(ClipTokenizerTest, EncodesToAFixedLength) {
  Write({});
  WriteFile(temp_ / "tokenizer_config.json", R"({"model_max_length": 5})");
  const ClipTokenizer tokenizer = ClipTokenizer::Load(temp_.path());
  EXPECT_THAT(tokenizer.Encode(""), ElementsAre(512, 513, 513, 513, 513));
  EXPECT_THAT(tokenizer.Encode("A b"), ElementsAre(512, Last('a'), Last('b'), 513, 513));
  EXPECT_THAT(tokenizer.Encode("a b c d e"), ElementsAre(512, Last('a'), Last('b'), Last('c'), 513));
}

TEST_F(ClipTokenizerTest, PaddingTokenIsFoundInTheText) {
  Write({});
  WriteFile(temp_ / "special_tokens_map.json",
            R"({"pad_token": "!", "bos_token": {"content": "<|startoftext|>", "normalized": true}})");
  const ClipTokenizer bang = ClipTokenizer::Load(temp_.path());
  EXPECT_EQ(bang.pad_id(), 0);
  EXPECT_THAT(bang.Tokenize("a!?"), ElementsAre(Last('a'), 0, Last('?')));  // not 256, the "!" at a word's end
  std::filesystem::remove(temp_ / "special_tokens_map.json");
  EXPECT_THAT(ClipTokenizer::Load(temp_.path()).Tokenize("a!?"), ElementsAre(Last('a'), Id('!'), Last('?')));
}

TEST_F(ClipTokenizerTest, SpecialTokensInTheText) {
  Write({});
  for (ClipVariant variant : {ClipVariant::kSlow, ClipVariant::kFast}) {
    const ClipTokenizer tokenizer = ClipTokenizer::Load(temp_.path(), variant);
    EXPECT_THAT(tokenizer.Tokenize("a<|endoftext|>b<|STARTOFTEXT|>"), ElementsAre(Last('a'), 513, Last('b'), 512));
  }
}

TEST_F(ClipTokenizerTest, SlowAndFastDiffer) {
  Write({});
  const ClipTokenizer slow = ClipTokenizer::Load(temp_.path()),
                      fast = ClipTokenizer::Load(temp_.path(), ClipVariant::kFast);
  EXPECT_EQ(slow.Tokenize("a\x07z"), slow.Tokenize("az"));  // control characters vanish
  EXPECT_NE(fast.Tokenize("a\x07z"), fast.Tokenize("az"));
  EXPECT_EQ(slow.Tokenize("\u4e00\u4e8c"), slow.Tokenize("\u4e00 \u4e8c"));  // CJK stands alone
  EXPECT_NE(fast.Tokenize("\u4e00\u4e8c"), fast.Tokenize("\u4e00 \u4e8c"));
  EXPECT_EQ(slow.Tokenize("\u03a3\u0391\u03a3"), slow.Tokenize("\u03c3\u03b1\u03c2"));  // final sigma
  EXPECT_EQ(fast.Tokenize("\u03a3\u0391\u03a3"), fast.Tokenize("\u03c3\u03b1\u03c3"));
  EXPECT_EQ(slow.Tokenize("a\u0301"), slow.Tokenize("\u00e1"));  // NFC
  EXPECT_EQ(slow.Tokenize("\u0130"), slow.Tokenize("i\u0307"));
}

TEST_F(ClipTokenizerTest, IllFormedUtf8) {
  Write({});
  const ClipTokenizer slow = ClipTokenizer::Load(temp_.path()),
                      fast = ClipTokenizer::Load(temp_.path(), ClipVariant::kFast);
  EXPECT_EQ(slow.Tokenize("a\xff\xc3 b"), slow.Tokenize("a b"));  // U+FFFD, which is dropped
  EXPECT_EQ(fast.Tokenize("a\xff"), fast.Tokenize("a\ufffd"));
  EXPECT_EQ(fast.Tokenize("\xe2\x82"), fast.Tokenize("\ufffd"));                  // one for a truncated sequence
  EXPECT_EQ(fast.Tokenize("\xed\xa0\x80"), fast.Tokenize("\ufffd\ufffd\ufffd"));  // a surrogate
}

TEST_F(ClipTokenizerTest, LongWords) {
  Write({"a a", "aa aa"});
  const ClipTokenizer tokenizer = ClipTokenizer::Load(temp_.path());
  const auto ids = tokenizer.Tokenize(std::string(400001, 'a'));
  EXPECT_EQ(ids.size(), 100001u);
  EXPECT_EQ(ids[0], 513);
}

TEST_F(ClipTokenizerTest, BrokenVocabulary) {
  Write({"a b"});
  auto expect = [&](const std::string& vocab, const std::string& message) {
    WriteFile(temp_ / "vocab.json", vocab);
    EXPECT_ERROR(ClipTokenizer::Load(temp_.path()), (temp_ / "vocab.json").string() + message);
  };
  const std::string good = SmallVocabulary({"a b"}).vocab;
  expect("{", ": not valid JSON");
  expect("[]", ": the whole file: expected an object");
  expect("{}", ": has no entry \"\u0100\", which stands for byte 0");
  expect("{\"xx\": -1," + good.substr(1), ": token \"xx\": expected an id");
  expect("{\"xx\": 1.5," + good.substr(1), ": token \"xx\": expected an id");
  expect("{\"xx\": 18446744073709551615," + good.substr(1), ": token \"xx\": expected an id");
  expect("{\"xx\": 3," + good.substr(1), ": token \"");
  std::filesystem::remove(temp_ / "vocab.json");
  EXPECT_ERROR(ClipTokenizer::Load(temp_.path()), "there is only merges.txt");
}

TEST_F(ClipTokenizerTest, BrokenMerges) {
  Write({"a b"});
  auto expect = [&](const std::string& merges, const std::string& message) {
    WriteFile(temp_ / "merges.txt", merges);
    EXPECT_ERROR(ClipTokenizer::Load(temp_.path()), (temp_ / "merges.txt").string() + message);
  };
  expect("a b\n", ":1: expected a line that says \"#version: ...\", found \"a b\"");
  expect("#version: 0.2\na b\nab\n", ":3: expected two symbols with a space between, found \"ab\"");
  expect("#version: 0.2\n\na b\n", ":2: expected two symbols");
  expect("#version: 0.2\na b c\n", ":2: expected two symbols");
  expect("#version: 0.2\na b\na b\n", ":3: the merge \"a b\" is there twice");
  expect("#version: 0.2\na c\n", ":2: \"a c\": \"ac\" is not in ");
  expect("#version: 0.2\na bcd\n", ":2: \"a bcd\": \"abcd\" is not in ");
  WriteFile(temp_ / "merges.txt", "#version: 0.2\r\na b\r\n");  // Windows line ends are fine
  EXPECT_THAT(ClipTokenizer::Load(temp_.path()).Tokenize("abc"), ElementsAre(512, Last('c')));
  std::filesystem::remove(temp_ / "merges.txt");
  EXPECT_ERROR(ClipTokenizer::Load(temp_.path()), "there is only vocab.json");
}

TEST_F(ClipTokenizerTest, Configuration) {
  Write({});
  auto expect = [&](const std::string& config, const std::string& message) {
    WriteFile(temp_ / "tokenizer_config.json", config);
    EXPECT_ERROR(ClipTokenizer::Load(temp_.path()), message);
  };
  expect(R"({"model_max_length": 1})", "model_max_length: expected an integer in [2,");
  expect(R"({"model_max_length": "x"})", "model_max_length: expected an integer");
  expect(R"({"pad_token": "<pad>"})", "the pad_token \"<pad>\" is not in the vocabulary");
  expect(R"({"pad_token": 3})", "pad_token: expected a token");
  expect(R"({"padding_side": "left"})", "padding_side: only \"right\" is supported");
  expect(R"({"tokenizer_class": "T5Tokenizer"})", "T5Tokenizer is not supported");
  expect(R"({"additional_special_tokens": ["<x>"]})", "additional_special_tokens is not supported");
  expect(R"({"added_tokens_decoder": {"x": {"content": "y"}}})", "expected an id as the key");
  expect(R"({"added_tokens_decoder": {"7": {"content": "y", "lstrip": true}}})",
         "lstrip: tokens with this option are not supported");
  WriteFile(temp_ / "tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})");
  EXPECT_EQ(ClipTokenizer::Load(temp_.path()).max_length(), 77);
  WriteFile(temp_ / "tokenizer_config.json",
            R"({"added_tokens_decoder": {"600": {"content": "<Cat>", "normalized": false}}})");
  const ClipTokenizer tokenizer = ClipTokenizer::Load(temp_.path());
  EXPECT_THAT(tokenizer.Tokenize("x<Cat>y<cat>").at(1), 600);
  EXPECT_EQ(tokenizer.max_id(), 600);
}

}  // namespace
}  // namespace skipbench
