#include "harness/io/tokenizers/clip_tokenizer_config.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFile = size_t{64} << 20;

// Refuses a token (a JSON object) with options that are not implemented.
void RefuseStripping(const JsonReader& token) {
  for (const char* flag : {"lstrip", "rstrip", "single_word"})
    if (token.BoolOr(flag, false))
      FailUnsupported("{}: {}: tokens with this option are not supported", token.file(), token.PathOf(flag));
}

[[noreturn]] void FailNotClip(const JsonReader& reader, const std::string& key, const std::string& expected) {
  const Json* value = reader.Find(key);
  FailUnsupported("{}: {}: not a tokenizer of CLIP: expected {}, found {}", reader.file(), reader.PathOf(key), expected,
                  value ? Describe(*value) : "nothing");
}

// An option that is absent, null or one of `allowed`.
void Require(const JsonReader& reader, const std::string& key, const std::vector<Json>& allowed) {
  const Json* value = reader.Find(key);
  if (!value || value->is_null()) return;
  for (const Json& one : allowed)
    if (*value == one) return;
  FailNotClip(reader, key, Describe(allowed[0]));
}

// Required, unlike those of Require().
void RequireText(const JsonReader& reader, const std::string& key, const std::string& expected) {
  if (!reader.Has(key) || *reader.Find(key) != expected) FailNotClip(reader, key, Describe(expected));
}

BytePairEncoding ReadModel(const JsonReader& model) {
  RequireText(model, "type", "BPE");
  Require(model, "dropout", {nullptr, 0.0, 0});
  Require(model, "continuing_subword_prefix", {""});
  RequireText(model, "end_of_word_suffix", "</w>");
  for (const char* flag : {"fuse_unk", "byte_fallback", "ignore_merges"}) Require(model, flag, {false});
  const std::string vocab_name = fmt::format("{}: {}", model.file(), model.PathOf("vocab"));
  BytePairEncoding encoding = BytePairEncoding::FromVocab(model.Object("vocab").json(), vocab_name);
  const Json* merges = model.Find("merges");
  if (!merges || !merges->is_array()) FailNotClip(model, "merges", "a list of pairs");
  for (size_t i = 0; i < merges->size(); ++i) {
    const Json& one = (*merges)[i];
    const std::string where = fmt::format("{}: {}[{}]", model.file(), model.PathOf("merges"), i);
    std::string left, right;
    if (one.is_array() && one.size() == 2 && one[0].is_string() && one[1].is_string()) {
      left = one[0].get<std::string>();
      right = one[1].get<std::string>();
    } else if (one.is_string()) {  // as tokenizers before 0.20 wrote it
      const std::string both = one.get<std::string>();
      const size_t space = both.find(' ');
      left = both.substr(0, space);
      right = space == std::string::npos ? "" : both.substr(space + 1);
    }
    if (left.empty() || right.empty() || right.find(' ') != std::string::npos)
      Fail("{}: expected a pair of symbols, found {}", where, Describe(one));
    encoding.AddMerge(left, right, where, vocab_name);
  }
  return encoding;
}

std::vector<ClipTokenizerConfig::Added> ReadAdded(const JsonReader& root) {
  std::vector<ClipTokenizerConfig::Added> added;
  if (!root.Has("added_tokens")) return added;
  for (const JsonReader& token : root.Objects("added_tokens")) {
    RefuseStripping(token);
    added.push_back({token.Int("id", 0, INT32_MAX), token.String("content"), token.BoolOr("normalized", true)});
  }
  return added;
}

// NFC, runs of white space to one space, lower case.
void CheckNormalizer(const JsonReader& root) {
  const Json clip = Json::array({{{"type", "NFC"}},
                                 {{"type", "Replace"}, {"pattern", {{"Regex", "\\s+"}}}, {"content", " "}},
                                 {{"type", "Lowercase"}}});
  const Json* found = root.Find("normalizer");
  if (!found || *found != Json{{"type", "Sequence"}, {"normalizers", clip}})
    FailNotClip(root, "normalizer", "NFC, Replace \\s+ by one space, Lowercase");
}

// Words by CLIP's pattern, then their bytes. True if the pattern knows the special tokens too.
bool CheckPreTokenizer(const JsonReader& root) {
  const std::string words = R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";
  const std::string specials = R"(<\|startoftext\|>|<\|endoftext\|>|)";
  const auto fail = [&] { FailNotClip(root, "pre_tokenizer", "Split by the pattern " + words + ", then ByteLevel"); };
  if (!root.ObjectIf("pre_tokenizer")) fail();
  const JsonReader sequence = root.Object("pre_tokenizer");
  if (sequence.StringOr("type", "") != "Sequence" || !sequence.Has("pretokenizers")) fail();
  const auto parts = sequence.Objects("pretokenizers");
  if (parts.size() != 2 || parts[0].StringOr("type", "") != "Split" || parts[1].StringOr("type", "") != "ByteLevel")
    fail();
  const Json* pattern = parts[0].Find("pattern");
  const bool with_specials = pattern && *pattern == Json{{"Regex", specials + words}};
  if (!pattern || (!with_specials && *pattern != Json{{"Regex", words}})) fail();
  if (parts[0].StringOr("behavior", "") != "Removed" || !parts[0].BoolOr("invert", false) ||
      parts[1].BoolOr("add_prefix_space", true) || !parts[1].BoolOr("use_regex", true))
    fail();
  return with_specials;
}

std::string TokenOf(const JsonReader& reader, const std::string& key, const BytePairEncoding& encoding) {
  const Json* pair = reader.Find(key);
  if (!pair || !pair->is_array() || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_number_integer())
    FailNotClip(reader, key, "a token and its id");
  const std::string token = (*pair)[0].get<std::string>();
  const auto id = encoding.Find(token);
  if (id && *id != (*pair)[1].get<int64_t>())
    Fail("{}: {}: the token \"{}\" has the id {} here, {} in the vocabulary", reader.file(), reader.PathOf(key),
         Printable(token), Describe((*pair)[1]), *id);
  return token;
}

// {"SpecialToken": {"id": TOKEN, ...}} of a template's place.
std::string TokenOfTemplate(const Json& piece) {
  const bool special = piece.is_object() && piece.contains("SpecialToken") && piece["SpecialToken"].is_object() &&
                       piece["SpecialToken"].contains("id") && piece["SpecialToken"]["id"].is_string();
  return special ? piece["SpecialToken"]["id"].get<std::string>() : "";
}

// One token before a text, one behind it.
void ReadPostProcessor(const JsonReader& root, const BytePairEncoding& encoding, ClipTokenizerConfig& result) {
  constexpr const char* kExpected = "RobertaProcessing, or a template of one text between two special tokens";
  if (!root.ObjectIf("post_processor")) FailNotClip(root, "post_processor", kExpected);
  const JsonReader processor = root.Object("post_processor");
  const std::string type = processor.StringOr("type", "");
  if (type == "RobertaProcessing") {
    result.bos_token = TokenOf(processor, "cls", encoding);
    result.eos_token = TokenOf(processor, "sep", encoding);
    return;
  }
  const Json* single = processor.Find("single");
  if (type != "TemplateProcessing" || !single || !single->is_array() || single->size() != 3 ||
      !(*single)[1].is_object() || !(*single)[1].contains("Sequence"))
    FailNotClip(root, "post_processor", kExpected);
  result.bos_token = TokenOfTemplate((*single)[0]);
  result.eos_token = TokenOfTemplate((*single)[2]);
  if (result.bos_token.empty() || result.eos_token.empty()) FailNotClip(root, "post_processor", kExpected);
}

// transformers takes the side of padding and truncation over, and nothing else of the two.
void CheckSides(const JsonReader& root) {
  for (const char* key : {"padding", "truncation"})
    if (const auto stored = root.ObjectIf(key); stored && stored->StringOr("direction", "Right") != "Right")
      FailUnsupported("{}: {}: only \"Right\" is supported, found {}", root.file(), stored->PathOf("direction"),
                      Describe(*stored->Find("direction")));
}

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

ClipTokenizerFiles ReadTokenizerJson(const std::filesystem::path& file) {
  const Json json = ReadJsonFile(file, kMaxFile);
  const JsonReader root(json, file.string());
  if (!root.ObjectIf("model")) FailNotClip(root, "model", "byte-pair encoding (BPE)");
  ClipTokenizerFiles result;
  result.encoding = ReadModel(root.Object("model"));
  result.config.added = ReadAdded(root);
  CheckNormalizer(root);
  result.config.splits_specials = CheckPreTokenizer(root);
  ReadPostProcessor(root, result.encoding, result.config);
  CheckSides(root);
  return result;
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
