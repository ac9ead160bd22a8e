// The tokenizers of T5: against Hugging Face's tokenizers on small tokenizers of every part that is supported, and what
// is refused, by name.
#include "harness/io/tokenizers/t5_tokenizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "harness/base/json.h"
#include "harness/io/tokenizers/character_map.h"
#include "harness/io/tokenizers/spiece_model.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::TempDir;
using testing::WriteFile;

Json Cases() { return ReadJsonFile(testing::SourceDir() / "tests/io/unigram/cases.json"); }

T5Tokenizer FromJson(const TempDir& temp, const Json& tokenizer) {
  WriteFile(temp / "tokenizer.json", tokenizer.dump());
  return T5Tokenizer::Load(temp.path());
}

TEST(UnigramJson, EqualsTokenizers) {
  const Json all = Cases();
  for (const Json& c : all.at("cases")) {
    const TempDir temp;
    Json json = c.at("tokenizer");
    json["model"]["vocab"] = all.at("vocab");
    const T5Tokenizer tokenizer = FromJson(temp, json);
    for (const Json& entry : c.at("texts"))
      EXPECT_EQ(tokenizer.Tokenize(entry.at("text").get<std::string>()), entry.at("ids").get<std::vector<int64_t>>())
          << c.at("name") << ": \"" << entry.at("text").get<std::string>() << '"';
  }
}

class UnigramRefusals : public ::testing::Test {
 protected:
  UnigramRefusals() : json_(Cases().at("cases")[0].at("tokenizer")) { json_["model"]["vocab"] = Cases().at("vocab"); }
  void Refused(const std::string& why) { EXPECT_ERROR(FromJson(temp_, json_), why); }
  TempDir temp_;
  Json json_;
};

TEST_F(UnigramRefusals, BrokenScores) {
  json_["model"]["vocab"][5] = {"s", "low"};
  Refused("tokenizer.json: model.vocab[5]: expected [piece, score], found [\"s\",\"low\"]");
  json_["model"]["vocab"][5] = {"s", nullptr};
  Refused("model.vocab[5]: expected [piece, score]");
  json_["model"]["vocab"][5] = {"", -1.0};
  Refused("piece 5 is empty");
}

TEST_F(UnigramRefusals, NoPieceForUnknownText) {
  json_["model"]["unk_id"] = nullptr;
  Refused("unk_id: expected the id of a piece for unknown text, found none");
  json_["model"]["unk_id"] = 1000;
  Refused("unk_id: expected the id of one of 27 pieces, found 1000");
}

TEST_F(UnigramRefusals, OtherKinds) {
  json_["model"]["type"] = "BPE";
  Refused("model.type: expected a Unigram model, found \"BPE\"");
}

TEST_F(UnigramRefusals, PartsThatAreNotSupported) {
  json_["pre_tokenizer"] = {{"type", "ByteLevel"}};
  Refused("pre_tokenizer.type: \"ByteLevel\" is not supported; supported: Sequence, WhitespaceSplit, Metaspace");
  json_["pre_tokenizer"] = nullptr;
  json_["normalizer"] = {{"type", "Nmt"}};
  Refused("normalizer.type: \"Nmt\" is not supported");
  json_["normalizer"] = {{"type", "Replace"}, {"pattern", {{"Regex", "("}}}, {"content", ""}};
  Refused("the regular expression \"(\" is not supported");
  json_["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", "!!"}};
  Refused("normalizer.precompiled_charsmap: expected base64");
  json_["normalizer"] = nullptr;
  json_["post_processor"]["single"] = Json::array();
  Refused("post_processor.single: expected the text (\"A\") once");
  json_["post_processor"] = nullptr;
  json_["padding"] = {{"direction", "Left"}};
  Refused("padding.direction: only \"Right\" is supported");
}

TEST_F(UnigramRefusals, TokensThatTheVocabularyLacks) {
  WriteFile(temp_ / "tokenizer_config.json", R"({"pad_token": "<nothing>"})");
  Refused("the pad_token \"<nothing>\" is not in the vocabulary");
}

TEST(T5Tokenizer, CutsAndPads) {
  const TempDir temp;
  Json json = Cases().at("cases")[0].at("tokenizer");
  json["model"]["vocab"] = Cases().at("vocab");
  const T5Tokenizer tokenizer = FromJson(temp, json);
  const std::vector<int64_t> ids = tokenizer.Tokenize("the bus");
  ASSERT_GT(ids.size(), 2u);
  const TokenizedText padded = tokenizer.Encode("the bus", 10), cut = tokenizer.Encode("the bus", 2);
  EXPECT_EQ(padded.ids.size(), 10u);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(padded.mask[i], i < ids.size()) << i;
  EXPECT_EQ(padded.ids.back(), tokenizer.pad_id());
  EXPECT_EQ(cut.ids, (std::vector<int64_t>{ids[0], ids.back()}));
  EXPECT_ERROR(tokenizer.Encode("the bus", 0), "cannot hold the 1 special tokens");
  EXPECT_ERROR(T5Tokenizer::Load(temp / "nowhere"), "no tokenizer: expected spiece.model or tokenizer.json");
}

// A spiece.model of these pieces: text, score, type (1: text, 2: unknown, 3: control).
struct Piece {
  std::string text;
  float score = 0;
  char type = 1;
};
std::string Spiece(const std::vector<Piece>& pieces, char model_type = 1, const std::string& map = "") {
  const auto message = [](char number, const std::string& bytes) {
    std::string size;
    for (size_t n = bytes.size(); size.empty() || n > 0; n >>= 7)
      size += static_cast<char>((n & 0x7f) | (n >= 0x80 ? 0x80 : 0));
    return std::string(1, static_cast<char>(number << 3 | 2)) + size + bytes;
  };
  std::string bytes;
  for (const Piece& piece : pieces) {
    std::string score(4, '\0');
    std::memcpy(score.data(), &piece.score, 4);
    bytes += message(1, message(1, piece.text) + "\x15" + score + "\x18" + piece.type);
  }
  bytes += message(2, std::string("\x18") + model_type);
  if (!map.empty()) bytes += message(3, message(2, map));
  return bytes;
}

TEST(SpieceModel, ReadsPiecesAndRefusesBrokenOnes) {
  const std::vector<Piece> sound = {{"<pad>", 0, 3}, {"</s>", 0, 3}, {"<unk>", 0, 2}, {"\u2581a", -1}};
  const auto parse = [](const std::string& bytes) { return ParseSpieceModel(bytes, "x.model"); };
  const SpieceModel model = parse(Spiece(sound));
  EXPECT_EQ(model.pieces.size(), 4u);
  EXPECT_EQ(model.unk_id, 2);
  EXPECT_EQ(model.pieces[3].score, -1);
  auto broken = sound;
  broken[3].score = std::nanf("");
  EXPECT_ERROR(parse(Spiece(broken)), "x.model: the score of piece 3 \"\u2581a\" is not finite");
  broken = sound;
  broken[2].type = 1;
  EXPECT_ERROR(parse(Spiece(broken)), "no piece stands for unknown text");
  broken[1].type = broken[2].type = 2;
  EXPECT_ERROR(parse(Spiece(broken)), "pieces 1 and 2 both stand for unknown text");
  broken = sound;
  broken[3].text = "</s>";
  EXPECT_ERROR(parse(Spiece(broken)), "the piece \"</s>\" is there twice");
  broken[3].text = "\xff";
  EXPECT_ERROR(parse(Spiece(broken)), "not valid UTF-8");
  EXPECT_ERROR(parse(Spiece(sound, 2)), "only Unigram models are supported, found BPE");
  EXPECT_ERROR(parse(Spiece(sound, 1, "short")), "table of characters");
  EXPECT_ERROR(parse("no protocol buffer"), "not a sentencepiece model");
  EXPECT_ERROR(parse(""), "it has no pieces");
  for (size_t size = 1; size < Spiece(sound).size(); ++size) {
    try {
      parse(Spiece(sound).substr(0, size));
    } catch (const Error&) {
    }
  }
}

// A trie with one entry, "a" -> "bc": unit 0 leads to the block of 'a', whose value is the text at 0.
TEST(CharacterMap, ReplacesAndStaysInside) {
  const auto bytes = [](std::vector<uint32_t> units, const std::string& texts) {
    units.resize(256);
    std::string map(4, '\0');
    const uint32_t size = 1024;
    std::memcpy(map.data(), &size, 4);
    map.append(reinterpret_cast<const char*>(units.data()), 1024);
    return map + texts;
  };
  std::vector<uint32_t> units(256);
  const uint32_t a = 'a';
  units[a] = a | 1u << 8 | 1u << 10;  // the branch, a value at a ^ 1
  units[a ^ 1] = 1u << 31;            // text 0
  const std::string texts("bc\0", 3);
  const CharacterMap map = CharacterMap::Parse(bytes(units, texts), "map");
  EXPECT_EQ(map.Normalize("xaya"), "xbcybc");
  // A cluster is replaced by what its beginning stands for: the accent is lost, as in tokenizers.
  EXPECT_EQ(map.Normalize("a\u0301"), "bc");
  units[a ^ 1] = 1u << 31 | 3;
  EXPECT_ERROR(CharacterMap::Parse(bytes(units, texts), "map"), "points behind its replacements");
  units[a ^ 1] = 1u << 31;
  units[a] |= 1u << 20;
  EXPECT_ERROR(CharacterMap::Parse(bytes(units, texts), "map"), "points out of its trie");
  EXPECT_ERROR(CharacterMap::Parse(bytes({}, "bc"), "map"), "does not end its last replacement");
  EXPECT_ERROR(CharacterMap::Parse(bytes({}, "").substr(0, 500), "map"), "ends inside of its trie");
}

}  // namespace
}  // namespace skipbench
