#include "harness/base/text.h"

#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <fstream>

#include "harness/base/error.h"

namespace skipbench {
namespace {

const uint8_t* Bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

// The value of a pointer's line "KEY VALUE"; empty without one.
std::string_view ValueOf(std::string_view content, std::string_view key) {
  const size_t at = content.find(fmt::format("\n{} ", key));
  if (at == std::string_view::npos) return {};
  const std::string_view value = content.substr(at + key.size() + 2);
  return value.substr(0, value.find_first_of("\r\n"));
}

}  // namespace

std::u32string DecodeUtf8(std::string_view text) {
  const auto decoded = icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())});
  std::u32string code_points(static_cast<size_t>(decoded.countChar32()), U'\0');
  UErrorCode status = U_ZERO_ERROR;
  decoded.toUTF32(reinterpret_cast<UChar32*>(code_points.data()), static_cast<int32_t>(code_points.size()), status);
  return code_points;
}

std::string EncodeUtf8(std::u32string_view code_points) {
  std::string text;
  const auto* first = reinterpret_cast<const UChar32*>(code_points.data());
  return icu::UnicodeString::fromUTF32(first, static_cast<int32_t>(code_points.size())).toUTF8String(text);
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

bool IsLfsPointer(std::string_view content) {
  return content.starts_with("version https://git-lfs.github.com/spec/") ||
         content.starts_with("version https://hawser.github.com/spec/");
}

void RefuseLfsPointer(std::string_view content, const std::string& file) {
  if (!IsLfsPointer(content)) return;
  const std::string_view size = ValueOf(content, "size"), hash = ValueOf(content, "oid");
  Fail(
      "{}: a Git LFS pointer, not the file itself{}: the repository was cloned without git-lfs. Run `git lfs install "
      "&& git lfs pull` in it, or download the file again",
      file, size.empty() ? "" : fmt::format(" (which has {} bytes, {})", size, hash.empty() ? "no hash" : hash));
}

std::string ReadTextFile(const std::filesystem::path& path, size_t max_bytes, const std::string& what) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    if (std::filesystem::is_symlink(path, error))
      Fail("{}: a link to {}, which is missing (a snapshot of a Hugging Face cache needs the folder blobs beside it)",
           path.string(), std::filesystem::read_symlink(path, error).string());
    Fail("{}: no such file", path.string());
  }
  if (!std::filesystem::is_regular_file(path, error)) Fail("{}: not a regular file", path.string());
  const auto size = std::filesystem::file_size(path, error);
  if (error) Fail("{}: cannot be read: {}", path.string(), error.message());
  if (size > max_bytes) Fail("{}: {} bytes; {} of at most {} was expected", path.string(), size, what, max_bytes);
  std::ifstream in(path, std::ios::binary);
  std::string text(size, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(size))) Fail("{}: cannot be read", path.string());
  RefuseLfsPointer(std::string_view(text).substr(0, 512), path.string());
  return text;
}

std::string AsciiLower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace skipbench
