#include "harness/base/text.h"

#include <fmt/format.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace skipbench {
namespace {

const uint8_t* Bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

}  // namespace

std::u32string DecodeUtf8(std::string_view text) {
  std::u32string code_points;
  code_points.reserve(text.size());
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < size;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(Bytes(text), i, size, c);
    code_points.push_back(static_cast<char32_t>(c));
  }
  return code_points;
}

std::string EncodeUtf8(std::u32string_view code_points) {
  std::string text;
  for (const char32_t c : code_points) {
    char bytes[U8_MAX_LENGTH];
    size_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, static_cast<UChar32>(c));
    text.append(bytes, length);
  }
  return text;
}

std::string CleanText(std::string_view text) {
  if (FindBadText(text) == std::string_view::npos) return std::string(text);
  std::u32string code_points = DecodeUtf8(text);
  std::replace(code_points.begin(), code_points.end(), U'\0', U'\ufffd');
  return EncodeUtf8(code_points);
}

size_t FindBadText(std::string_view text) {
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < size;) {
    const int64_t start = i;
    UChar32 c;
    U8_NEXT(Bytes(text), i, size, c);
    if (c <= 0) return static_cast<size_t>(start);
  }
  return std::string_view::npos;
}

std::string WhyNotText(std::string_view text) {
  const size_t place = FindBadText(text);
  if (place == std::string_view::npos) return "";
  if (text[place] == '\0') return fmt::format("a zero byte at place {}", place);
  return fmt::format("the byte 0x{:02X} at place {} is not valid UTF-8", static_cast<unsigned char>(text[place]),
                     place);
}

std::string Printable(std::string_view text) {
  constexpr size_t kMax = 200;
  auto length = static_cast<int64_t>(std::min(text.size(), kMax));
  if (text.size() > kMax) U8_TRUNCATE_IF_INCOMPLETE(Bytes(text), 0, length);
  std::string printable(text.substr(0, static_cast<size_t>(length)));
  for (char& c : printable)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text.size() > kMax ? printable + "..." : printable;
}

}  // namespace skipbench
