#include "harness/io/tokenizers/t5_tokenizer.h"

#include <algorithm>
#include <optional>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/io/tokenizers/sentencepiece.h"
#include "harness/io/tokenizers/spiece_model.h"
#include "harness/io/tokenizers/unigram_json.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// What tokenizer_config.json says; the defaults are transformers'.
struct Config {
  std::string eos_token = "</s>", pad_token = "<pad>", unk_token = "<unk>";
  int64_t extra_ids = 100;  // tokens <extra_id_99> to <extra_id_0> behind the vocabulary of a spiece.model
  std::vector<FoundToken> added;
};

std::string TokenText(const JsonReader& reader, const std::string& key, const std::string& fallback) {
  const Json* value = reader.Find(key);
  return value && value->is_object() ? reader.Object(key).String("content") : reader.StringOr(key, fallback);
}

Config ReadConfig(const fs::path& folder) {
  Config config;
  const fs::path file = folder / "tokenizer_config.json";
  if (!fs::exists(file)) return config;
  const Json json = ReadJsonFile(file);
  const JsonReader reader(json, file.string());
  for (const char* key : {"padding_side", "truncation_side"})
    if (reader.StringOr(key, "right") != "right")
      FailUnsupported("{}: {}: only \"right\" is supported", reader.file(), key);
  if (reader.BoolOr("split_special_tokens", false))
    FailUnsupported("{}: split_special_tokens is not supported", reader.file());
  config.eos_token = TokenText(reader, "eos_token", config.eos_token);
  config.pad_token = TokenText(reader, "pad_token", config.pad_token);
  config.unk_token = TokenText(reader, "unk_token", config.unk_token);
  config.extra_ids = reader.IntOr("extra_ids", config.extra_ids, 0, 100'000);
  if (const auto added = reader.ObjectIf("added_tokens_decoder"))
    for (const auto& [key, value] : added->json().items()) {
      const auto digit = [](char c) { return c >= '0' && c <= '9'; };
      if (key.empty() || key.size() > 9 || !std::all_of(key.begin(), key.end(), digit))
        added->FailAt(key, "expected an id as the key");
      config.added.push_back(ReadFoundToken(added->Object(key), std::stoll(key)));
    }
  return config;
}

}  // namespace

struct T5Tokenizer::Parts {
  std::optional<UnigramParts> unigram;  // tokenizers' way, or
  std::optional<SentencePiece> own;     // sentencepiece's
  AddedTokens added, added_normalized;
  std::vector<int64_t> before, behind;
  int64_t pad_id = 0, max_id = 0;

  void AppendText(const std::string& text, bool first, std::vector<int64_t>& ids) const;
  void AppendNormalized(const std::string& text, bool first, std::vector<int64_t>& ids) const;
  void TakeAdded(const std::vector<FoundToken>& tokens);
};

void T5Tokenizer::Parts::AppendNormalized(const std::string& text, bool first, std::vector<int64_t>& ids) const {
  const TextPart part{text, first};
  for (const TextPart& word : unigram->splitter ? unigram->splitter(part) : std::vector<TextPart>{part})
    unigram->model.Encode(word.text, ids);
}

void T5Tokenizer::Parts::AppendText(const std::string& text, bool first, std::vector<int64_t>& ids) const {
  added_normalized.Cut(
      unigram->normalizer ? unigram->normalizer(text) : text,
      [&](const std::string& piece, bool begins) { AppendNormalized(piece, first && begins, ids); },
      [&](int64_t id) { ids.push_back(id); });
}

void T5Tokenizer::Parts::TakeAdded(const std::vector<FoundToken>& tokens) {
  for (FoundToken token : tokens) {
    max_id = std::max(max_id, token.id);
    if (token.normalized && unigram->normalizer) token.content = unigram->normalizer(token.content);
    (token.normalized ? added_normalized : added).Add(std::move(token));
  }
}

namespace {

using Parts = T5Tokenizer::Parts;

// The id of a token that has to exist.
int64_t IdOf(const Unigram& model, const std::vector<FoundToken>& added, const std::string& key,
             const std::string& token, const std::string& origin) {
  for (const FoundToken& one : added)
    if (one.content == token) return one.id;
  const auto id = model.Find(token);
  if (!id) Fail("{}: the {} \"{}\" is not in the vocabulary", origin, key, Printable(token));
  return *id;
}

std::unique_ptr<Parts> FromJson(const fs::path& folder, const Config& config) {
  auto parts = std::make_unique<Parts>();
  parts->unigram.emplace(ReadUnigramJson(folder / "tokenizer.json"));
  parts->before = parts->unigram->before;
  parts->behind = parts->unigram->behind;
  parts->max_id = parts->unigram->model.size() - 1;
  std::vector<FoundToken> added = parts->unigram->added;
  added.insert(added.end(), config.added.begin(), config.added.end());  // those that are not there yet
  parts->TakeAdded(added);
  parts->pad_id = IdOf(parts->unigram->model, added, "pad_token", config.pad_token, folder.string());
  return parts;
}

// As T5Tokenizer of transformers 5 makes it of the model: the table of characters, words at white space, "▁" before
// each, the special tokens found first.
std::unique_ptr<Parts> FromSpiece(const fs::path& folder, const Config& config) {
  const std::string origin = (folder / "spiece.model").string();
  SpieceModel model = ReadSpieceModel(folder / "spiece.model");
  for (int64_t i = config.extra_ids; i-- > 0;) model.pieces.push_back({fmt::format("<extra_id_{}>", i), 0});
  auto parts = std::make_unique<Parts>();
  parts->unigram.emplace(UnigramParts{
      Unigram(model.pieces, model.unk_id, false, origin), {}, Then(SplitWhitespace, Metaspace{}), {}, {}, {}});
  if (model.character_map)
    parts->unigram->normalizer = [map = *model.character_map](const std::string& text) { return map.Normalize(text); };
  parts->max_id = parts->unigram->model.size() - 1;
  std::vector<FoundToken> added = config.added;
  const auto special = [&](const std::string& key, const std::string& token) {
    const int64_t id = IdOf(parts->unigram->model, config.added, key, token, folder.string());
    added.push_back({.content = token, .id = id, .normalized = false});
    return id;
  };
  parts->pad_id = special("pad_token", config.pad_token);
  parts->behind = {special("eos_token", config.eos_token)};
  special("unk_token", config.unk_token);
  for (int64_t i = config.extra_ids; i-- > 0;) special("extra_ids", fmt::format("<extra_id_{}>", i));
  parts->TakeAdded(added);
  return parts;
}

std::unique_ptr<Parts> FromSentencePiece(const fs::path& folder, const Config& config) {
  const std::string origin = (folder / "spiece.model").string();
  const SpieceModel model = ReadSpieceModel(folder / "spiece.model");
  auto parts = std::make_unique<Parts>();
  parts->own.emplace(model.bytes, origin);
  const Unigram vocabulary(model.pieces, model.unk_id, false, origin);
  parts->pad_id = IdOf(vocabulary, {}, "pad_token", config.pad_token, folder.string());
  parts->behind = {IdOf(vocabulary, {}, "eos_token", config.eos_token, folder.string())};
  parts->max_id = vocabulary.size() - 1;
  return parts;
}

}  // namespace

T5Tokenizer::T5Tokenizer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
T5Tokenizer::T5Tokenizer(T5Tokenizer&&) noexcept = default;
T5Tokenizer& T5Tokenizer::operator=(T5Tokenizer&&) noexcept = default;
T5Tokenizer::~T5Tokenizer() = default;

T5Tokenizer T5Tokenizer::Load(const fs::path& folder, ClipVariant variant) {
  const bool json = fs::exists(folder / "tokenizer.json"), spiece = fs::exists(folder / "spiece.model");
  if (!json && !spiece) Fail("{}: no tokenizer: expected spiece.model or tokenizer.json", folder.string());
  const Config config = ReadConfig(folder);
  if (variant == ClipVariant::kSlow && spiece) return T5Tokenizer(FromSentencePiece(folder, config));
  return T5Tokenizer(json ? FromJson(folder, config) : FromSpiece(folder, config));
}

std::vector<int64_t> T5Tokenizer::Tokenize(std::string_view text) const {
  std::vector<int64_t> ids = parts_->before;
  const std::string clean = EncodeUtf8(DecodeUtf8(text));
  if (parts_->own) {
    const std::vector<int> pieces = parts_->own->Encode(clean);
    ids.insert(ids.end(), pieces.begin(), pieces.end());
  } else {
    parts_->added.Cut(
        clean, [&](const std::string& piece, bool first) { parts_->AppendText(piece, first, ids); },
        [&](int64_t id) { ids.push_back(id); });
  }
  ids.insert(ids.end(), parts_->behind.begin(), parts_->behind.end());
  return ids;
}

TokenizedText T5Tokenizer::Encode(std::string_view text, int64_t length) const {
  const auto& behind = parts_->behind;
  const auto size = static_cast<size_t>(length);
  if (length < 1 || size < parts_->before.size() + behind.size())
    Fail("a text of {} tokens cannot hold the {} special tokens around it", length,
         parts_->before.size() + behind.size());
  TokenizedText result{Tokenize(text), {}};
  if (result.ids.size() > size) {
    result.ids.resize(size - behind.size());
    result.ids.insert(result.ids.end(), behind.begin(), behind.end());
  }
  result.mask.assign(result.ids.size(), 1);
  result.ids.resize(size, parts_->pad_id);
  result.mask.resize(size, 0);
  return result;
}

int64_t T5Tokenizer::pad_id() const { return parts_->pad_id; }
int64_t T5Tokenizer::max_id() const { return parts_->max_id; }

bool HoldsT5Tokenizer(const fs::path& folder) {
  if (fs::exists(folder / "spiece.model")) return true;
  const fs::path file = folder / "tokenizer.json";
  if (!fs::exists(file)) return false;
  const Json json = ReadJsonFile(file);
  return json.is_object() && json.contains("model") && json["model"].is_object() &&
         json["model"].value("type", Json()) == "Unigram";
}

}  // namespace skipbench
