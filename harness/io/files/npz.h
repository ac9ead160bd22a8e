// numpy's .npz: a ZIP archive of .npy arrays, stored or deflated, as np.savez and np.savez_compressed write it, of any
// size. The container is libzip's work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/io/files/npy.h"

// libzip's.
struct zip;
struct zip_source;
struct zip_error;

namespace skipbench {

// An archive, opened: its directory is read, an array only when it is asked for. What nobody asks for may be anything.
class NpzFile {
 public:
  // Throws Error naming the file when it is none, or a damaged one.
  explicit NpzFile(const std::filesystem::path& path);
  // Of bytes in memory, which must outlive it; `origin` is named in errors.
  NpzFile(std::span<const std::byte> bytes, const std::string& origin);

  // Without ".npy", in the archive's order.
  std::vector<std::string> Names() const;
  bool Has(const std::string& name) const { return members_.contains(name); }

  // Error naming file and member: not there, there twice, encrypted, compressed otherwise, damaged (its checksum is
  // looked at when the last value is read), no array.
  std::unique_ptr<NpyReader> Open(const std::string& name) const;
  NpyArray Read(const std::string& name) const { return Open(name)->All(); }

 private:
  void ReadDirectory(const std::function<::zip_source*(::zip_error*)>& open);

  std::shared_ptr<::zip> archive_;
  std::string origin_;
  uint64_t bytes_ = 0;                                    // of the archive
  std::map<std::string, std::vector<uint64_t>> members_;  // by name: their places
};

// Writes an archive, atomically: nothing is there before Commit().
class NpzWriter {
 public:
  explicit NpzWriter(std::filesystem::path path, bool deflate = false);

  // "<f8", "<f4", "|u1", C order. The values must stay where they are until Commit(). Throws Error when they do not
  // fill the shape.
  void Add(const std::string& name, const std::vector<int64_t>& shape, std::span<const double> values);
  void Add(const std::string& name, const std::vector<int64_t>& shape, std::span<const float> values);
  void Add(const std::string& name, const std::vector<int64_t>& shape, std::span<const uint8_t> values);
  // "<U": a scalar; a list.
  void AddText(const std::string& name, const std::string& text);
  void AddTexts(const std::string& name, std::span<const std::string> texts);

  void Commit();

 private:
  struct Part {
    std::string name, head;           // head: the .npy header, and texts whole
    std::span<const std::byte> data;  // borrowed
  };
  void AddValues(const std::string& name, const std::string& descr, const std::vector<int64_t>& shape,
                 std::span<const std::byte> data, size_t value_size);

  std::filesystem::path path_;
  bool deflate_;
  std::vector<Part> parts_;
};

}  // namespace skipbench
