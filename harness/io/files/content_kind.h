// What a file holds, by its first bytes: for messages about files that are not what was expected.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace skipbench {

// A content in words with its article ("a gzip file", "a NumPy array (.npy)", "an HTML page"), and whether it is a
// picture.
struct ContentKind {
  std::string name;  // empty: the bytes say nothing
  bool picture = false;
};

// `head`: the file's beginning; kContentHead bytes are enough. Sources: the formats' specifications, and file(1)'s
// rules where a format has none.
inline constexpr size_t kContentHead = 512;
inline constexpr const char* kPytorchCheckpoint = "a PyTorch checkpoint (a pickle)";
inline constexpr const char* kNumpyArchive = "an archive of NumPy arrays (.npz)";
ContentKind KindByContent(std::string_view head);

// Of a file; nothing of what is no regular file or cannot be read.
ContentKind KindOfFile(const std::filesystem::path& file);

}  // namespace skipbench
