#include "harness/io/tokenizers/clip_tokenizer_config.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/io/tokenizers/tokenizer_json.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// transformers writes this (1e30) where a tokenizer has no limit.
constexpr double kNoLimit = 1e30;
constexpr int64_t kMaxLength = 1 << 20;

// A token as a string or as an object {"content": ...}.
std::string TokenText(const JsonReader& reader, const std::string& key) {
  const Json& value = *reader.Find(key);
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object()) reader.FailAt(key, "expected a token (a string or an object), found " + Describe(value));
  const JsonReader token = reader.Object(key);
  RefuseStripping(token);
  return token.String("content");
}

void ReadTokenNames(const JsonReader& reader, ClipTokenizerConfig& config) {
  const std::pair<const char*, std::string*> names[] = {{"bos_token", &config.bos_token},
                                                        {"eos_token", &config.eos_token},
                                                        {"unk_token", &config.unk_token},
                                                        {"pad_token", &config.pad_token}};
  for (const auto& [key, name] : names)
    if (reader.Has(key)) *name = TokenText(reader, key);
}

void RefuseOtherSettings(const JsonReader& reader) {
  for (const char* key : {"padding_side", "truncation_side"})
    if (reader.StringOr(key, "right") != "right")
      FailUnsupported("{}: {}: only \"right\" is supported", reader.file(), key);
  if (reader.BoolOr("split_special_tokens", false))
    FailUnsupported("{}: split_special_tokens is not supported", reader.file());
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"})
    if (reader.Has(key) && !reader.Find(key)->empty()) FailUnsupported("{}: {} is not supported", reader.file(), key);
  const std::string name = reader.StringOr("tokenizer_class", "CLIPTokenizer");
  // The last two are what transformers names a tokenizer.json by whose class it does not know.
  const std::string names[] = {"CLIPTokenizer", "CLIPTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"};
  if (std::find(std::begin(names), std::end(names), name) == std::end(names))
    FailUnsupported("{}: tokenizer_class: {} is not supported, only CLIPTokenizer", reader.file(), name);
}

int64_t ReadMaxLength(const JsonReader& reader, int64_t fallback) {
  const Json* value = reader.Find("model_max_length");
  if (!value || value->is_null()) return fallback;
  if (value->is_number() && value->get<double>() >= kNoLimit) return fallback;
  return reader.Int("model_max_length", 2, kMaxLength);
}

int64_t ReadId(const JsonReader& reader, const std::string& text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 0 || id > INT32_MAX)
    reader.FailAt(text, "expected an id as the key");
  return id;
}

// Calls `read` for a file of the folder if it is there.
void ReadIfThere(const fs::path& file, const std::function<void(const JsonReader&)>& read) {
  if (!fs::exists(file)) return;
  const Json json = ReadJsonFile(file);
  read(JsonReader(json, file.string()));
}

}  // namespace

void RefuseStripping(const JsonReader& token) {
  for (const char* flag : {"lstrip", "rstrip", "single_word"})
    if (token.BoolOr(flag, false))
      FailUnsupported("{}: {}: tokens with this option are not supported", token.file(), token.PathOf(flag));
}

ClipTokenizerConfig ReadClipTokenizerConfig(const fs::path& folder) {
  ClipTokenizerConfig config;
  bool lists_added = false;
  ReadIfThere(folder / "tokenizer_config.json", [&](const JsonReader& reader) {
    RefuseOtherSettings(reader);
    config.model_max_length = ReadMaxLength(reader, config.model_max_length);
    ReadTokenNames(reader, config);
    const auto added = reader.ObjectIf("added_tokens_decoder");
    lists_added = added.has_value();
    if (!added) return;
    for (const auto& [key, value] : added->json().items())
      config.added.push_back(
          {ReadId(*added, key), TokenText(*added, key), added->Object(key).BoolOr("normalized", true)});
  });
  if (lists_added) return config;  // the newer format, which needs no other file
  ReadIfThere(folder / "special_tokens_map.json", [&](const JsonReader& reader) { ReadTokenNames(reader, config); });
  ReadIfThere(folder / "added_tokens.json", [&](const JsonReader& reader) {
    for (const auto& [token, id] : reader.json().items()) {
      const bool special = token == config.bos_token || token == config.eos_token || token == config.unk_token ||
                           token == config.pad_token;
      config.added.push_back({reader.Int(token, 0, INT32_MAX), token, !special});
    }
  });
  return config;
}

namespace {

bool HoldsVocabulary(const fs::path& folder) {
  return fs::exists(folder / "vocab.json") && fs::exists(folder / "merges.txt");
}
bool HoldsTokenizerJson(const fs::path& folder) { return fs::exists(folder / "tokenizer.json"); }

// The file says what stands around a text; the config has to say the same.
void RequireSame(const fs::path& folder, const char* key, const std::string& named, const std::string& put) {
  if (named != put)
    Fail("{}: post_processor: puts \"{}\" beside a text; tokenizer_config.json says {}: \"{}\"",
         (folder / "tokenizer.json").string(), Printable(put), key, Printable(named));
}

}  // namespace

bool HoldsTokenizer(const fs::path& folder) { return HoldsVocabulary(folder) || HoldsTokenizerJson(folder); }
bool HoldsOnlyTokenizerJson(const fs::path& folder) { return !HoldsVocabulary(folder) && HoldsTokenizerJson(folder); }

ClipTokenizerFiles ReadClipTokenizer(const fs::path& folder) {
  ClipTokenizerFiles files;
  if (!HoldsTokenizer(folder)) {
    const bool half = fs::exists(folder / "vocab.json") || fs::exists(folder / "merges.txt");
    Fail(
        "{}: no tokenizer: expected vocab.json and merges.txt, or tokenizer.json{}", folder.string(),
        half ? fmt::format("; there is only {}", fs::exists(folder / "vocab.json") ? "vocab.json" : "merges.txt") : "");
  }
  files.config = ReadClipTokenizerConfig(folder);
  if (!HoldsOnlyTokenizerJson(folder)) {
    files.encoding = BytePairEncoding::Load(folder / "vocab.json", folder / "merges.txt");
    return files;
  }
  ClipTokenizerFiles json = ReadTokenizerJson(folder / "tokenizer.json");
  RequireSame(folder, "bos_token", files.config.bos_token, json.config.bos_token);
  RequireSame(folder, "eos_token", files.config.eos_token, json.config.eos_token);
  files.encoding = std::move(json.encoding);
  files.config.splits_specials = json.config.splits_specials;
  auto& added = json.config.added;
  for (const auto& one : files.config.added)
    if (std::ranges::find(added, one.content, &ClipTokenizerConfig::Added::content) == added.end())
      added.push_back(one);
  files.config.added = std::move(added);
  return files;
}

}  // namespace skipbench
