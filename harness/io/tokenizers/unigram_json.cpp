#include "harness/io/tokenizers/unigram_json.h"

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

constexpr size_t kMaxFile = size_t{256} << 20;

Unigram ReadModel(const JsonReader& root) {
  const JsonReader model = root.Object("model");
  const std::string type = model.StringOr("type", "");
  if (type != "Unigram")
    FailUnsupported("{}: {}: expected a Unigram model, found \"{}\"", model.file(), model.PathOf("type"),
                    Printable(type));
  const Json* vocab = model.Find("vocab");
  if (!vocab || !vocab->is_array()) model.FailAt("vocab", "expected a list of [piece, score]");
  std::vector<UnigramPiece> pieces;
  for (const Json& one : *vocab) {
    if (!one.is_array() || one.size() != 2 || !one[0].is_string() || !one[1].is_number())
      model.FailAt("vocab[" + std::to_string(pieces.size()) + "]", "expected [piece, score], found " + Describe(one));
    pieces.push_back({one[0].get<std::string>(), one[1].get<double>()});
  }
  std::optional<int64_t> unk;
  if (model.Has("unk_id")) unk = model.Int("unk_id", 0, INT32_MAX);
  return Unigram(std::move(pieces), unk, model.BoolOr("byte_fallback", false), model.file() + ": " + model.path());
}

// The ids of the special token `name` that a template lists.
std::vector<int64_t> TemplateIds(const JsonReader& processor, const std::string& name) {
  const std::vector<int64_t> ids = processor.Object("special_tokens").Object(name).Ints("ids");
  for (const int64_t id : ids)
    if (id < 0 || id > INT32_MAX)
      processor.FailAt("special_tokens", "expected ids of tokens, found " + std::to_string(id));
  return ids;
}

// A template of one text with special tokens around it.
void ReadPostProcessor(const JsonReader& root, UnigramParts* parts) {
  const auto processor = root.ObjectIf("post_processor");
  if (!processor) return;
  if (processor->StringOr("type", "") != "TemplateProcessing")
    FailUnsupported("{}: {}: only TemplateProcessing is supported, found {}", root.file(), processor->PathOf("type"),
                    processor->Has("type") ? Describe(*processor->Find("type")) : "nothing");
  bool behind = false;
  for (const JsonReader& place : processor->Objects("single")) {
    if (place.Has("SpecialToken")) {
      auto& ids = behind ? parts->behind : parts->before;
      for (int64_t id : TemplateIds(*processor, place.Object("SpecialToken").String("id"))) ids.push_back(id);
    } else {
      if (behind || place.Object("Sequence").String("id") != "A")
        processor->FailAt("single", "expected the text (\"A\") once");
      behind = true;
    }
  }
  if (!behind) processor->FailAt("single", "expected the text (\"A\") once");
}

void CheckSides(const JsonReader& root) {
  for (const char* key : {"padding", "truncation"})
    if (const auto stored = root.ObjectIf(key); stored && stored->StringOr("direction", "Right") != "Right")
      FailUnsupported("{}: {}: only \"Right\" is supported, found {}", root.file(), stored->PathOf("direction"),
                      Describe(*stored->Find("direction")));
}

}  // namespace

UnigramParts ReadUnigramJson(const std::filesystem::path& file) {
  const Json json = ReadJsonFile(file, kMaxFile);
  const JsonReader root(json, file.string());
  UnigramParts parts{ReadModel(root), {}, {}, {}, {}, {}};
  if (const auto normalizer = root.ObjectIf("normalizer")) parts.normalizer = ReadNormalizer(*normalizer);
  if (const auto splitter = root.ObjectIf("pre_tokenizer")) parts.splitter = ReadPreTokenizer(*splitter);
  if (root.Has("added_tokens"))
    for (const JsonReader& token : root.Objects("added_tokens"))
      parts.added.push_back(ReadFoundToken(token, token.Int("id", 0, INT32_MAX)));
  ReadPostProcessor(root, &parts);
  CheckSides(root);
  return parts;
}

}  // namespace skipbench
