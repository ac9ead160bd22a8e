// Tokenizers against transformers and sentencepiece: ids of texts, from every file that a tokenizer comes in.
#include "harness/io/tokenizers/clip_tokenizer.h"
#include "harness/io/tokenizers/t5_tokenizer.h"
#include "tests/fixtures_dit/dit_cases.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using Ids = std::vector<int64_t>;

class DitTokenizers : public testing::DitTest {};

void CheckUnigram(const testing::DitCase& c) {
  const auto folder = c.model() / c.json.at("folder").get<std::string>();
  const auto fast = T5Tokenizer::Load(folder), slow = T5Tokenizer::Load(folder, ClipVariant::kSlow);
  EXPECT_EQ(fast.pad_id(), c.config().at("pad").get<int64_t>());
  EXPECT_EQ(fast.max_id() + 1, c.config().at("vocab_size").get<int64_t>());
  // With spiece.model alone transformers makes the same tokenizer of it.
  const testing::TempDir alone;
  for (const char* file : {"spiece.model", "tokenizer_config.json"})
    std::filesystem::copy_file(folder / file, alone / file);
  const auto from_spiece = T5Tokenizer::Load(alone.path());
  int differ = 0;
  for (const Json& entry : c.json.at("texts")) {
    const auto text = entry.at("text").get<std::string>();
    SCOPED_TRACE(text);
    const auto ids = entry.at("ids").get<Ids>();
    EXPECT_EQ(fast.Tokenize(text), ids);
    EXPECT_EQ(from_spiece.Tokenize(text), ids);
    EXPECT_EQ(slow.Tokenize(text), entry.value("ids_sentencepiece", ids));
    differ += entry.contains("ids_sentencepiece");
  }
  EXPECT_EQ(differ, c.json.at("differ_from_sentencepiece").get<int>());
}

void CheckClip(const testing::DitCase& c) {
  const auto tokenizer = ClipTokenizer::Load(c.model() / c.json.at("folder").get<std::string>(), ClipVariant::kFast);
  const auto length = c.config().at("max_length").get<size_t>();
  for (const Json& entry : c.json.at("texts")) {
    const auto text = entry.at("text").get<std::string>();
    SCOPED_TRACE(text);
    Ids ids = tokenizer.Tokenize(text);
    ids.resize(std::min(ids.size(), length - 2));
    ids.insert(ids.begin(), tokenizer.bos_id());
    ids.push_back(tokenizer.eos_id());
    ids.resize(length, tokenizer.pad_id());
    EXPECT_EQ(ids, entry.at("ids").get<Ids>());
  }
}

TEST_P(DitTokenizers, EqualTransformers) {
  const auto type = GetParam().config().at("type").get<std::string>();
  if (type == "unigram")
    CheckUnigram(GetParam());
  else
    CheckClip(GetParam());
}

DIT_CASES(DitTokenizers, "tokenizer");

}  // namespace
}  // namespace skipbench
