// A file mapped into memory, read-only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace skipbench {

// The mapping lives as long as the object. A file that somebody shortens meanwhile ends in SIGBUS on access, as with
// every mapping; readers that outlive the loading copy what they need.
class MappedFile {
 public:
  // Throws Error naming the file when it is missing, not a regular file, or cannot be mapped. An empty file is fine.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

  // Hint: a part of bytes() is not needed any more (its pages leave this process).
  void Release(std::span<const std::byte> part) const;
  // Reads a part through the file descriptor instead of the mapping: no page faults, nothing stays resident.
  void Read(std::span<const std::byte> part, void* out) const;

 private:
  MappedFile() = default;

  std::filesystem::path path_;
  int fd_ = -1;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace skipbench
