// Text: files of it, UTF-8, and text of others that goes into results and messages.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace skipbench {

// UTF-8 to code points; what is ill-formed becomes U+FFFD, once per maximal subpart (as Python's errors="replace").
std::u32string DecodeUtf8(std::string_view text);

// Code points other than surrogates to UTF-8.
std::string EncodeUtf8(std::u32string_view code_points);

// Text with U+FFFD in the place of invalid UTF-8 and zero bytes.
std::string CleanText(std::string_view text);

// The place (from 0) of the first byte that is not valid UTF-8, or zero; npos: there is none.
size_t FindBadText(std::string_view text);

// What keeps `text` from being stored as it is: "the byte 0xE9 at place 7 is not valid UTF-8", "a zero byte at place 3"
// (places count from 0). Empty: nothing.
std::string WhyNotText(std::string_view text);

// Text from a file as it may appear in a message: control characters replaced, an overlong tail cut off.
std::string Printable(std::string_view text);

// The content of a file. `what` was expected ("a JSON file"), of at most `max_bytes`. Error naming the file: missing,
// no regular file, larger, or a Git LFS pointer.
std::string ReadTextFile(const std::filesystem::path& path, size_t max_bytes, const std::string& what);

// Whether `content`, the beginning of a file, is that of a Git LFS pointer: the small text that a clone without git-lfs
// holds in the place of a large file.
bool IsLfsPointer(std::string_view content);

// Throws Error when `content`, the beginning of `file` (200 bytes are enough), is a Git LFS pointer: says what it
// stands for and how the file itself is had. Other content passes. Format:
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
void RefuseLfsPointer(std::string_view content, const std::string& file);

// A to Z in lower case; other bytes as they are.
std::string AsciiLower(std::string text);

}  // namespace skipbench
