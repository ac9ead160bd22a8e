#include "harness/io/tokenizers/added_tokens.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "harness/base/text.h"

namespace skipbench {
namespace {

bool IsSpace(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)); }
bool IsWord(char32_t c) {
  const auto code = static_cast<UChar32>(c);
  return u_hasBinaryProperty(code, UCHAR_ALPHABETIC) || u_charType(code) == U_DECIMAL_DIGIT_NUMBER ||
         (U_GET_GC_MASK(code) & (U_GC_M_MASK | U_GC_PC_MASK)) || u_hasBinaryProperty(code, UCHAR_JOIN_CONTROL);
}

// The code points of a text, and parts of it in UTF-8.
struct Points {
  std::u32string text;
  explicit Points(const std::string& utf8) : text(DecodeUtf8(utf8)) {}
  std::string Part(size_t begin, size_t end) const {
    return EncodeUtf8(std::u32string_view(text).substr(begin, end - begin));
  }
};

}  // namespace

FoundToken ReadFoundToken(const JsonReader& json, int64_t id) {
  return {json.String("content"),          id,
          json.BoolOr("normalized", true), json.BoolOr("lstrip", false),
          json.BoolOr("rstrip", false),    json.BoolOr("single_word", false)};
}

void AddedTokens::Add(FoundToken token) {
  const auto same = [&](const FoundToken& one) { return one.content == token.content; };
  if (token.content.empty() || std::any_of(tokens_.begin(), tokens_.end(), same)) return;
  const auto shorter = [&](const FoundToken& one) { return one.content.size() < token.content.size(); };
  tokens_.insert(std::find_if(tokens_.begin(), tokens_.end(), shorter), std::move(token));
}

void AddedTokens::Cut(const std::string& utf8, const std::function<void(const std::string&, bool)>& piece,
                      const std::function<void(int64_t)>& token) const {
  const Points points(utf8);
  const std::u32string& text = points.text;
  std::vector<std::u32string> contents;
  for (const FoundToken& one : tokens_) contents.push_back(DecodeUtf8(one.content));
  size_t begin = 0;  // of what has not been handed out
  for (size_t i = 0; i < text.size();) {
    size_t k = 0;
    while (k < contents.size() && text.compare(i, contents[k].size(), contents[k]) != 0) ++k;
    if (k == contents.size()) {
      ++i;
      continue;
    }
    const FoundToken& found = tokens_[k];
    size_t start = i, stop = i + contents[k].size();
    i = stop;
    if (found.single_word && ((start > 0 && IsWord(text[start - 1])) || (stop < text.size() && IsWord(text[stop]))))
      continue;
    while (found.lstrip && start > begin && IsSpace(text[start - 1])) --start;
    while (found.rstrip && stop < text.size() && IsSpace(text[stop])) ++stop;
    if (start > begin) piece(points.Part(begin, start), begin == 0);
    token(found.id);
    begin = stop;
    i = std::max(i, stop);
  }
  if (begin < text.size()) piece(points.Part(begin, text.size()), begin == 0);
}

}  // namespace skipbench
