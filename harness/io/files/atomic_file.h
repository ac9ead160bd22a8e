// Writing a file so that its name only ever shows a complete one.
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

namespace skipbench {

// A new, empty file beside `path`, called ".NAME.XXXXXX.tmp" (six letters and digits that no other file there has),
// until it is complete and takes the name `path`. Nothing removes it but RemoveTemporaries().
struct TemporaryFile {
  // Error naming `path` when its folder is not there, or not to be written.
  explicit TemporaryFile(const std::filesystem::path& path);
  std::string name;     // its path
  int descriptor = -1;  // open for reading and writing; the caller's to close
};

// Whether a file's name is that of a TemporaryFile.
bool IsTemporaryName(const std::string& name);

// Writes a TemporaryFile, then Commit() syncs and renames. Without Commit() the
// temporary file is removed and `path` is untouched. Every failure (a full disk included) is an Error naming the file.
class AtomicFile {
 public:
  // Creates missing parent folders.
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void Write(const void* data, size_t size);
  void Write(std::string_view text) { Write(text.data(), text.size()); }
  void Commit();

 private:
  [[noreturn]] void FailErrno(const char* what);

  std::filesystem::path path_;
  std::string temporary_;
  std::FILE* file_ = nullptr;
};

// Makes the folder's own entries durable (new and renamed files). A file system that cannot is no reason to fail.
void SyncFolder(const std::filesystem::path& folder);

// Removes the TemporaryFiles in a folder, and in those below it if `below`, because their program was
// killed. Nobody else may be writing there. A folder that is not there has nothing.
void RemoveTemporaries(const std::filesystem::path& folder, bool below);

// The whole content at once.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

}  // namespace skipbench
