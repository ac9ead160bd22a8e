#include "harness/io/tokenizers/character_map.h"

#include <openssl/evp.h>
#include <unicode/brkiter.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <cstring>
#include <memory>

#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

// A unit of the double array (darts-clone): the label of the branch that leads to it, where its branches are, and
// whether a value is among them. A unit that is a value has the highest bit set.
bool IsValue(uint32_t unit) { return unit >> 31; }
uint32_t Value(uint32_t unit) { return unit & 0x7fffffffu; }
uint32_t Label(uint32_t unit) { return unit & 0x800000ffu; }
bool HasValue(uint32_t unit) { return (unit >> 8) & 1; }
uint32_t Branches(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }

uint32_t LittleEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

CharacterMap CharacterMap::Parse(std::string_view bytes, const std::string& origin) {
  const auto fail = [&](const char* what) {
    Fail("{}: expected sentencepiece's table of characters, found one of {} bytes that {}", origin, bytes.size(), what);
  };
  if (bytes.size() < 4) fail("is too short");
  const size_t trie_bytes = LittleEndian(bytes.data());
  // Blocks of 256 units: then no label leads out of the block that its unit points to.
  if (trie_bytes == 0 || trie_bytes % 1024 != 0) fail("has no trie of whole blocks");
  if (trie_bytes > bytes.size() - 4) fail("ends inside of its trie");
  CharacterMap map;
  for (size_t i = 0; i < trie_bytes; i += 4) map.trie_.push_back(LittleEndian(bytes.data() + 4 + i));
  map.replacements_ = bytes.substr(4 + trie_bytes);
  if (map.replacements_.empty() || map.replacements_.back() != '\0') fail("does not end its last replacement");
  for (size_t i = 0; i < map.trie_.size(); ++i) {
    const uint32_t unit = map.trie_[i];
    if (IsValue(unit)) {
      if (Value(unit) >= map.replacements_.size()) fail("points behind its replacements");
      continue;
    }
    const size_t at = i ^ Branches(unit);
    if (at >= map.trie_.size()) fail("points out of its trie");
    if (HasValue(unit) && !IsValue(map.trie_[at])) fail("has no value where it points to one");
  }
  for (size_t at = 0; at < map.replacements_.size(); at += std::strlen(map.replacements_.c_str() + at) + 1)
    if (FindBadText(map.replacements_.c_str() + at) != std::string_view::npos)
      fail("replaces text by what is not UTF-8");
  return map;
}

CharacterMap CharacterMap::ParseBase64(const std::string& text, const std::string& origin) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int size =
      text.size() % 4 != 0 || text.empty()
          ? -1
          : EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                            reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) Fail("{}: expected base64, found {} characters that are not", origin, text.size());
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes.resize(static_cast<size_t>(size) - padding);
  return Parse(bytes, origin);
}

std::optional<std::string_view> CharacterMap::Find(std::string_view text) const {
  size_t at = Branches(trie_[0]);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) break;
    at ^= byte;
    const uint32_t unit = trie_[at];
    if (Label(unit) != byte) break;
    at ^= Branches(unit);
    // A replacement that begins inside of a character is not one of the table.
    if (HasValue(unit)) return std::string_view(replacements_.c_str() + Value(trie_[at]));
  }
  return std::nullopt;
}

std::string CharacterMap::Normalize(std::string_view text) const {
  const std::string clean = EncodeUtf8(DecodeUtf8(text));
  const icu::UnicodeString utf16 = icu::UnicodeString::fromUTF8(clean);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> clusters(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  if (U_FAILURE(status)) Fail("ICU has no rules for clusters of characters: {}", u_errorName(status));
  clusters->setText(utf16);
  std::string result;
  int32_t begin = clusters->first();
  for (int32_t end = clusters->next(); end != icu::BreakIterator::DONE; begin = end, end = clusters->next()) {
    std::string cluster;
    utf16.tempSubStringBetween(begin, end).toUTF8String(cluster);
    if (cluster.size() < 6)
      if (const auto replacement = Find(cluster)) {
        result += *replacement;
        continue;
      }
    for (const char32_t c : DecodeUtf8(cluster)) {
      const std::string character = EncodeUtf8(std::u32string_view(&c, 1));
      result += Find(character).value_or(character);
    }
  }
  return result;
}

}  // namespace skipbench
