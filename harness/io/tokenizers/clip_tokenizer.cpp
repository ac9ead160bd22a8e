#include "harness/io/tokenizers/clip_tokenizer.h"

#include <algorithm>
#include <functional>

#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

// Cuts `text` at the added tokens (longest first in `tokens`, so the leftmost longest is taken): calls `piece` with
// what lies between, never empty, and `token` with each token found.
void CutAtTokens(const std::u32string& text, const std::vector<AddedToken>& tokens,
                 const std::function<void(const std::u32string&)>& piece,
                 const std::function<void(const AddedToken&)>& token) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size();) {
    const auto found = std::find_if(tokens.begin(), tokens.end(), [&](const AddedToken& one) {
      return text.compare(i, one.content.size(), one.content) == 0;
    });
    if (found == tokens.end()) {
      ++i;
      continue;
    }
    if (i > begin) piece(text.substr(begin, i - begin));
    token(*found);
    i += found->content.size();
    begin = i;
  }
  if (begin < text.size()) piece(text.substr(begin));
}

}  // namespace

ClipTokenizer::ClipTokenizer(BytePairEncoding encoding, const ClipTokenizerConfig& config, ClipVariant variant,
                             const std::string& origin)
    : encoding_(std::move(encoding)),
      variant_(variant),
      splits_specials_(config.splits_specials),
      max_length_(config.model_max_length),
      max_id_(encoding_.max_id()) {
  if (max_length_ < 2) Fail("{}: model_max_length: at least 2 was expected, found {}", origin, max_length_);
  for (const auto& one : config.added) Add({DecodeUtf8(one.content), one.id, one.normalized});
  // As strings, bos, eos and unk become tokens that are normalised, the padding token one that is not.
  auto special = [&](const char* key, const std::string& content, bool normalized) {
    for (const auto& one : config.added)
      if (one.content == content) return one.id;
    const auto id = encoding_.Find(content);
    if (!id) Fail("{}: the {} \"{}\" is not in the vocabulary", origin, key, Printable(content));
    Add({DecodeUtf8(content), *id, normalized});
    return *id;
  };
  bos_id_ = special("bos_token", config.bos_token, true);
  eos_id_ = special("eos_token", config.eos_token, true);
  special("unk_token", config.unk_token, true);
  pad_id_ = special("pad_token", config.pad_token, false);
}

void ClipTokenizer::Add(AddedToken token) {
  const bool after = variant_ == ClipVariant::kFast && token.normalized;
  if (after) token.content = NormalizeClipText(token.content, variant_);
  if (token.content.empty()) return;
  auto& list = after ? added_normalized_ : added_;
  for (const AddedToken& one : list)
    if (one.content == token.content) return;
  max_id_ = std::max(max_id_, token.id);
  list.push_back(std::move(token));
  std::stable_sort(list.begin(), list.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.content.size() > b.content.size(); });
}

void ClipTokenizer::TokenizeNormalized(const std::u32string& text, std::vector<int64_t>& ids) const {
  for (std::u32string_view word : SplitClipWords(text, variant_, splits_specials_)) {
    // The slow tokenizer's cache of words starts with these two.
    if (variant_ == ClipVariant::kSlow && (word == U"<|startoftext|>" || word == U"<|endoftext|>")) {
      const auto id = encoding_.Find(EncodeUtf8(word));
      ids.push_back(id ? *id : eos_id_);
    } else {
      encoding_.Encode(EncodeUtf8(word), ids);
    }
  }
}

void ClipTokenizer::TokenizeText(const std::u32string& text, std::vector<int64_t>& ids) const {
  CutAtTokens(
      NormalizeClipText(text, variant_), added_normalized_,
      [&](const std::u32string& piece) { TokenizeNormalized(piece, ids); },
      [&](const AddedToken& token) { ids.push_back(token.id); });
}

std::vector<int64_t> ClipTokenizer::Tokenize(std::string_view text) const {
  std::vector<int64_t> ids;
  CutAtTokens(
      DecodeUtf8(text), added_, [&](const std::u32string& piece) { TokenizeText(piece, ids); },
      [&](const AddedToken& token) { ids.push_back(token.id); });
  return ids;
}

std::vector<int64_t> ClipTokenizer::Encode(std::string_view text) const {
  std::vector<int64_t> ids = Tokenize(text);
  const auto length = static_cast<size_t>(max_length_);
  if (ids.size() > length - 2) ids.resize(length - 2);
  ids.insert(ids.begin(), bos_id_);
  ids.push_back(eos_id_);
  ids.resize(length, pad_id_);
  return ids;
}

ClipTokenizer ClipTokenizer::Load(const std::filesystem::path& folder, ClipVariant variant) {
  ClipTokenizerFiles files = ReadClipTokenizer(folder);
  return ClipTokenizer(std::move(files.encoding), files.config, variant, folder.string());
}

}  // namespace skipbench
